//! What is drawn of many values: gaps where one is missing, and no more points than a picture can show.

/// A line's points are put together by so many places from left to right, so that a picture has a bounded size.
const PLACES: usize = 1000;

/// A point, or none where the value is missing.
pub(super) type Spot = Option<(f64, f64)>;

/// What lies around a line at one place: `(x, low, high)`.
pub(super) type Slice = Option<(f64, f64, f64)>;

/// The pieces of a line, each without a gap. Of more points than can be seen, the lowest and the highest of every
/// place are kept, and every place that has a gap keeps one.
pub(super) fn pieces(spots: &[Spot]) -> Vec<Vec<(f64, f64)>> {
    let size = spots.len().div_ceil(PLACES).max(1);
    if size == 1 {
        return split(spots);
    }
    let mut kept = Vec::new();
    for place in spots.chunks(size) {
        let there = || {
            let numbered = place.iter().enumerate();
            numbered.filter_map(|(at, spot)| spot.map(|(_, y)| (at, y)))
        };
        let lowest = there().min_by(|a, b| a.1.total_cmp(&b.1));
        let highest = there().max_by(|a, b| a.1.total_cmp(&b.1));
        if let (Some((low, _)), Some((high, _))) = (lowest, highest) {
            kept.push(place[low.min(high)]);
            if low != high {
                kept.push(place[low.max(high)]);
            }
        }
        if place.iter().any(Option::is_none) {
            kept.push(None);
        }
    }
    split(&kept)
}

/// As [`pieces`], of a band: of many slices at one place, from the lowest to the highest.
pub(super) fn bands(slices: &[Slice]) -> Vec<Vec<(f64, f64, f64)>> {
    let size = slices.len().div_ceil(PLACES).max(1);
    if size == 1 {
        return split(slices);
    }
    let kept: Vec<Slice> = slices
        .chunks(size)
        .map(|place| {
            let there = place.iter().flatten().copied();
            there.reduce(|(x, low, high), (_, other_low, other_high)| {
                (x, low.min(other_low), high.max(other_high))
            })
        })
        .collect();
    split(&kept)
}

fn split<T: Copy>(values: &[Option<T>]) -> Vec<Vec<T>> {
    values
        .split(Option::is_none)
        .map(|piece| piece.iter().flatten().copied().collect::<Vec<T>>())
        .filter(|piece| !piece.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_is_a_gap() {
        let spots = [
            Some((0.0, 1.0)),
            None,
            Some((2.0, 3.0)),
            Some((3.0, 4.0)),
            None,
        ];
        let expected = [vec![(0.0, 1.0)], vec![(2.0, 3.0), (3.0, 4.0)]];
        assert_eq!(pieces(&spots), expected);
        assert!(pieces(&[None, None]).is_empty());
        assert_eq!(bands(&[Some((0.0, 1.0, 2.0)), None]).len(), 1);
    }

    #[test]
    fn many_points_are_few_and_the_extremes_stay() {
        let mut spots: Vec<Spot> = (0..100_000).map(|x| Some((f64::from(x), 0.5))).collect();
        spots[77_777] = Some((77_777.0, 9.0));
        spots[50_000] = None;
        let kept = pieces(&spots);
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().map(Vec::len).sum::<usize>() <= 2 * PLACES);
        assert!(kept.iter().flatten().any(|spot| *spot == (77_777.0, 9.0)));
        let slices: Vec<Slice> = spots.iter().map(|s| s.map(|(x, y)| (x, 0.0, y))).collect();
        let kept = bands(&slices);
        assert!(kept.iter().map(Vec::len).sum::<usize>() <= PLACES);
        assert!(kept.iter().flatten().any(|slice| slice.2 == 9.0));
    }
}
