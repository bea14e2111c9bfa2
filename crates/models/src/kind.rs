//! The names of networks: composed of a cell and what is done with it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::recurrence::Cell;

/// Which network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum NetworkKind {
    /// Two Dense(64, relu) and a Dense(1) on every token by itself: logits at every position.
    Dense,
    /// Recurrent layers, the last state through Dense(64, relu) and Dense(1).
    Recurrent(RecurrentKind),
}

/// Which recurrent layers. The name is `[stacked_][bi]CELL[_masked]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecurrentKind {
    /// `simple_rnn`, `lstm` or `gru`.
    pub cell: Cell,
    /// `bi…`: both ways through time.
    pub bidirectional: bool,
    /// `stacked_…`: a second layer reads all states of the first.
    pub stacked: bool,
    /// `…_masked`: token 0 is masked (Keras' `mask_zero`).
    pub masked: bool,
}

const CELLS: [Cell; 3] = [Cell::SimpleRnn, Cell::Lstm, Cell::Gru];

/// The name of a cell.
pub(crate) fn name_of(cell: Cell) -> &'static str {
    match cell {
        Cell::SimpleRnn => "simple_rnn",
        Cell::Lstm => "lstm",
        Cell::Gru => "gru",
    }
}

/// The cell of a name.
pub(crate) fn cell_of(name: &str) -> Option<Cell> {
    CELLS.into_iter().find(|cell| name_of(*cell) == name)
}

impl RecurrentKind {
    /// One layer of `cell`, forward, padding being input like any other.
    pub const fn plain(cell: Cell) -> Self {
        Self {
            cell,
            bidirectional: false,
            stacked: false,
            masked: false,
        }
    }

    /// The cell's name: `simple_rnn`, `lstm` or `gru`.
    pub fn cell_name(self) -> &'static str {
        name_of(self.cell)
    }
}

impl NetworkKind {
    /// One SimpleRNN layer.
    pub const SIMPLE_RNN: Self = Self::Recurrent(RecurrentKind::plain(Cell::SimpleRnn));
    /// One LSTM layer.
    pub const LSTM: Self = Self::Recurrent(RecurrentKind::plain(Cell::Lstm));
    /// One GRU layer.
    pub const GRU: Self = Self::Recurrent(RecurrentKind::plain(Cell::Gru));

    /// The notebook's networks, in its order.
    pub const NOTEBOOK: [Self; 3] = [Self::Dense, Self::SIMPLE_RNN, Self::LSTM];

    /// Every network there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let recurrent = (0..8).flat_map(|choice| {
            CELLS.map(|cell| {
                Self::Recurrent(RecurrentKind {
                    cell,
                    bidirectional: choice & 1 != 0,
                    stacked: choice & 2 != 0,
                    masked: choice & 4 != 0,
                })
            })
        });
        std::iter::once(Self::Dense).chain(recurrent)
    }

    /// The name used on the command line and in files, such as `dense`, `lstm` or `bigru_masked`.
    pub fn name(self) -> String {
        match self {
            Self::Dense => "dense".to_owned(),
            Self::Recurrent(kind) => format!(
                "{}{}{}{}",
                if kind.stacked { "stacked_" } else { "" },
                if kind.bidirectional { "bi" } else { "" },
                kind.cell_name(),
                if kind.masked { "_masked" } else { "" },
            ),
        }
    }
}

impl std::fmt::Display for NetworkKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.name())
    }
}

/// A name that no network has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no network \"{0}\"; the networks are dense and [stacked_][bi]CELL[_masked], where CELL \
     is simple_rnn, lstm or gru"
)]
pub struct UnknownNetwork(pub String);

impl FromStr for NetworkKind {
    type Err = UnknownNetwork;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownNetwork(name.to_owned()))
    }
}

impl TryFrom<String> for NetworkKind {
    type Error = UnknownNetwork;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<NetworkKind> for String {
    fn from(kind: NetworkKind) -> Self {
        kind.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_composed_and_read_back() {
        let names: Vec<String> = NetworkKind::all().map(NetworkKind::name).collect();
        assert_eq!(names.len(), 25);
        for name in [
            "dense",
            "simple_rnn",
            "bilstm",
            "stacked_bigru_masked",
            "lstm_masked",
        ] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        for kind in NetworkKind::all() {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        let error = "lstm_stacked".parse::<NetworkKind>().unwrap_err();
        assert!(error.to_string().contains("lstm_stacked"));
    }
}
