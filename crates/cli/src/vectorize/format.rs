//! Which format a file has: what is asked for, what its name says, and whether its first bytes agree. Nothing is
//! guessed that could be wrong without anybody noticing: what contradicts itself is refused.

use std::path::Path;

use clap::ValueEnum;
use serde::de::IgnoredAny;

use super::error::{InputName, VectorizeError};
use super::foreign::{self, Foreign, Kind};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One text a line.
    Text,
    /// One JSON object a line.
    Jsonl,
    /// Columns.
    Parquet,
}

impl Format {
    /// What messages call a file of this format.
    pub(super) fn called(self) -> &'static str {
        match self {
            Self::Text => "plain text",
            Self::Jsonl => "JSON lines",
            Self::Parquet => "Parquet",
        }
    }
}

/// What the name of a file says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Certainly this.
    Format(Format),
    /// JSON lines, or one JSON document.
    Json,
    /// What is not read.
    Foreign(&'static Foreign),
    /// Nothing.
    Nothing,
}

impl Named {
    pub(super) fn of(path: &Path) -> Self {
        match foreign::extension(path).as_str() {
            "txt" | "text" => Self::Format(Format::Text),
            "jsonl" | "ndjson" | "jsonlines" | "ldjson" => Self::Format(Format::Jsonl),
            "parquet" | "parq" | "pq" => Self::Format(Format::Parquet),
            "json" => Self::Json,
            _ => foreign::named(path).map_or(Self::Nothing, Self::Foreign),
        }
    }
}

/// How many bytes of a file are looked at.
pub(super) const PREFIX: usize = 1 << 16;

/// What UTF-8 text may begin with and need not.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file whose format is to be found out.
pub(super) struct Candidate<'i> {
    pub(super) input: &'i InputName,
    /// What the user says that it is.
    pub(super) asked: Option<Format>,
}

impl Candidate<'_> {
    fn named(&self) -> Named {
        if self.input.is_stdin() {
            return Named::Nothing;
        }
        Named::of(self.input.path())
    }

    fn refuse(&self, found: impl Into<String>, remedy: impl Into<String>) -> VectorizeError {
        VectorizeError::NotRead {
            input: self.input.clone(),
            found: found.into(),
            remedy: remedy.into(),
        }
    }

    /// The file in a command.
    fn in_shell(&self) -> String {
        if self.input.is_stdin() {
            return "FILE".to_owned();
        }
        self.input.to_string()
    }

    /// The format that the file has if its content agrees.
    pub(super) fn format(&self) -> Result<Format, VectorizeError> {
        if let Some(asked) = self.asked {
            return Ok(asked);
        }
        match self.named() {
            Named::Format(format) => Ok(format),
            Named::Json => Ok(Format::Jsonl),
            Named::Nothing => Ok(Format::Text),
            Named::Foreign(foreign) => {
                let mut remedy = foreign.remedy(&self.in_shell());
                if matches!(foreign.kind, Kind::Table | Kind::Markup) {
                    remedy += "; or give --format text if each of its lines is a text";
                }
                Err(self.refuse(foreign.found(), remedy))
            }
        }
    }

    /// Refuses a file of `format` that begins with what such a file does not begin with. `whole` says that there is
    /// no more of it.
    pub(super) fn check(
        &self,
        format: Format,
        prefix: &[u8],
        whole: bool,
    ) -> Result<(), VectorizeError> {
        self.check_binary(format, prefix)?;
        let content = prefix.strip_prefix(BYTE_ORDER_MARK).unwrap_or(prefix);
        let content = content.trim_ascii_start();
        match format {
            Format::Parquet if prefix.is_empty() => Err(self.refuse("is empty", "write it again")),
            Format::Parquet if prefix.starts_with(b"PARE") => Err(self.refuse(
                "is Parquet with an encrypted footer, which is not read here",
                "write it without encryption",
            )),
            Format::Parquet if !prefix.starts_with(b"PAR1") => Err(self.refuse(
                "is no Parquet file: it does not begin with PAR1",
                "check the file, or say what it is with --format",
            )),
            Format::Parquet => Ok(()),
            Format::Jsonl => self.check_json(content),
            Format::Text if self.asked.is_none() && self.named() == Named::Nothing => {
                self.check_unnamed(content, whole)
            }
            Format::Text => Ok(()),
        }
    }

    /// What no text begins with.
    fn check_binary(&self, format: Format, prefix: &[u8]) -> Result<(), VectorizeError> {
        if let Some(foreign) = foreign::beginning(prefix) {
            return Err(self.refuse(foreign.found(), foreign.remedy(&self.in_shell())));
        }
        if format == Format::Parquet {
            return Ok(());
        }
        if prefix.starts_with(b"PAR1") {
            let found = format!("is Parquet, and would be read as {}", format.called());
            return Err(self.refuse(found, "add --format parquet and --text NAME"));
        }
        if let Some(encoding) = wide_encoding(prefix) {
            let found = format!("is text in the encoding {encoding}, and only UTF-8 is read here");
            let file = self.in_shell();
            let remedy =
                format!("convert it: `iconv -f {encoding} -t UTF-8 {file}`, or save it as UTF-8");
            return Err(self.refuse(found, remedy));
        }
        let nuls = prefix.iter().filter(|byte| **byte == 0).count();
        // A single one is left to the line that has it.
        if nuls > 8 && nuls * 100 > prefix.len() {
            return Err(self.refuse(
                "is a binary file, and no text",
                "give text: one a line, JSON lines or Parquet",
            ));
        }
        Ok(())
    }

    fn check_json(&self, content: &[u8]) -> Result<(), VectorizeError> {
        match content.first() {
            Some(b'[') => Err(self.array()),
            // What is wrong with a line is said of the line.
            Some(b'{') | None => Ok(()),
            Some(_) if self.asked.is_some() || self.named() != Named::Json => Ok(()),
            Some(_) => Err(self.refuse(
                "is no JSON of objects",
                "write one JSON object a line, or give --format text if each of its lines is a text",
            )),
        }
    }

    fn array(&self) -> VectorizeError {
        let file = self.in_shell();
        self.refuse(
            "has a JSON array, and JSON lines have one object a line",
            format!(
                "take the array apart: `jq -c '.[]' {file} | recurrent vectorize … --input - --format jsonl --field NAME`"
            ),
        )
    }

    /// Text of which nobody says that it is text.
    fn check_unnamed(&self, content: &[u8], whole: bool) -> Result<(), VectorizeError> {
        let inside = |open: &[u8]| content.strip_prefix(open).map(<[u8]>::trim_ascii_start);
        if inside(b"[").is_some_and(|rest| rest.starts_with(b"{") || rest.starts_with(b"\"")) {
            return Err(self.array());
        }
        if inside(b"{").is_some_and(|rest| rest.starts_with(b"\"")) && is_object(content) {
            return Err(self.refuse(
                "begins with a JSON object, and would be read as plain text",
                "add --format jsonl and --text NAME, or --format text if each of its lines is a text",
            ));
        }
        if let Some(what) = table(content, whole) {
            return Err(self.refuse(
                format!("begins like {what}, which is not read here"),
                "write it as JSON lines or Parquet, or give --format text if each of its lines is a text",
            ));
        }
        Ok(())
    }
}

/// The encoding of text that is not made of single bytes, by its byte order mark or its zeros.
fn wide_encoding(prefix: &[u8]) -> Option<&'static str> {
    for (mark, encoding) in [
        (&b"\xff\xfe\0\0"[..], "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ] {
        if prefix.starts_with(mark) {
            return Some(encoding);
        }
    }
    let pairs = prefix.chunks_exact(2);
    let (total, [first, second]) = (
        pairs.len(),
        [0, 1].map(|at| pairs.clone().filter(|pair| pair[at] == 0).count()),
    );
    // In Latin script nearly every other byte is zero; a file of zeros has both.
    if total < 2 || first.min(second) * 10 > total {
        return None;
    }
    match (first * 10 > total * 7, second * 10 > total * 7) {
        (true, false) => Some("UTF-16BE"),
        (false, true) => Some("UTF-16LE"),
        _ => None,
    }
}

/// Whether this begins with a JSON object: in one line, or with its end beyond it.
fn is_object(content: &[u8]) -> bool {
    let line = content
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    match serde_json::from_slice::<IgnoredAny>(line) {
        Ok(_) => true,
        Err(error) => error.is_eof(),
    }
}

/// Records that are looked at.
const RECORDS: usize = 6;

/// What kind of table this looks like: a header of short names, and records of as many fields.
fn table(content: &[u8], whole: bool) -> Option<&'static str> {
    let kinds = [
        (b',', "a CSV table"),
        (b'\t', "a TSV table"),
        (b';', "a CSV table with semicolons"),
    ];
    kinds
        .into_iter()
        .find(|(delimiter, _)| is_table(content, *delimiter, whole))
        .map(|(_, what)| what)
}

fn is_table(content: &[u8], delimiter: u8, whole: bool) -> bool {
    let mut records = records(content, delimiter, whole).into_iter();
    let Some((header, width)) = records.next() else {
        return false;
    };
    let names = header.split(|byte| *byte == delimiter);
    let rest: Vec<usize> = records.map(|(_, fields)| fields).collect();
    width > 1
        && names.clone().all(is_name)
        && !rest.is_empty()
        && rest.iter().all(|fields| *fields == width)
}

/// The first records, each with its number of fields. Line breaks and delimiters within quotation marks are text.
fn records(content: &[u8], delimiter: u8, whole: bool) -> Vec<(&[u8], usize)> {
    let mut records = Vec::new();
    let (mut start, mut fields, mut quoted) = (0, 1, false);
    for (at, byte) in content.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                let record = content[start..at].trim_ascii_end();
                if !record.is_empty() {
                    records.push((record, fields));
                }
                (start, fields) = (at + 1, 1);
                if records.len() == RECORDS {
                    return records;
                }
            }
            byte if *byte == delimiter && !quoted => fields += 1,
            _ => {}
        }
    }
    let last = content[start..].trim_ascii();
    if whole && !quoted && !last.is_empty() {
        records.push((last, fields));
    }
    records
}

/// Whether a column could be called this.
fn is_name(field: &[u8]) -> bool {
    let field = match field {
        [b'"', name @ .., b'"'] => name,
        field => field,
    };
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-. ".contains(byte);
    let words = field.split(|byte| *byte == b' ');
    field.len() <= 40
        && field.first().is_none_or(|first| *first != b' ')
        && field.iter().all(allowed)
        && words.count() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(name: &str, asked: Option<Format>, content: &[u8]) -> Result<Format, String> {
        let input = InputName::new(Path::new(name));
        let candidate = Candidate {
            input: &input,
            asked,
        };
        let format = candidate.format().map_err(|error| error.to_string())?;
        let checked = candidate.check(format, content, true);
        checked.map(|()| format).map_err(|error| error.to_string())
    }

    #[test]
    fn names_and_content_agree_or_the_file_is_refused() {
        let refused = |name: &str, asked, content: &[u8], expected: &str| {
            let said = decide(name, asked, content).unwrap_err();
            assert!(said.contains(expected), "{name}: {said}");
        };
        let text = Some(Format::Text);
        for (name, asked, content, format) in [
            ("a.txt", None, &b"review,label\n\"x\",1\n"[..], Format::Text),
            ("a.TXT", None, b"{\"a\": 1}\n", Format::Text),
            ("a.csv", text, b"a,b\n1,2\n", Format::Text),
            ("a.json", text, b"[1]", Format::Text),
            (
                "-",
                None,
                b"The film, the end\nwas good, bad\n",
                Format::Text,
            ),
            ("-", None, b"{curly} text\n[square] text\n", Format::Text),
            ("data", None, b"", Format::Text),
            ("a.json", None, b" \n{\"a\": 1}\n{", Format::Jsonl),
            ("a.json", None, b"\xef\xbb\xbf{\"a\": 1}", Format::Jsonl),
            ("a.json", None, b"", Format::Jsonl),
            ("a.txt", Some(Format::Jsonl), b"{\"a\": 1}", Format::Jsonl),
            ("a.pq", None, b"PAR1....", Format::Parquet),
            ("latin.txt", None, b"caf\xe9\n\xff\xfd", Format::Text),
            (
                "nul.txt",
                None,
                b"one \0 nul in a line of text",
                Format::Text,
            ),
        ] {
            assert_eq!(decide(name, asked, content), Ok(format), "{name}");
        }
        refused("a.csv", None, b"", "a.csv is a CSV table");
        refused("a.tsv", None, b"", "--format text");
        refused("a.npy", None, b"", "NumPy's .npy");
        refused("a.txt.gz", None, b"", "zcat a.txt.gz");
        refused("-", None, b"\x1f\x8b\x08", "standard input is compressed");
        refused("a.txt", text, b"\x1f\x8b\x08", "zcat a.txt");
        refused("a.txt", text, b"PAR1", "--format parquet");
        refused("a.parquet", None, b"a,b\n", "does not begin with PAR1");
        refused("a.json", None, b" [\n {\"a\": 1}]", "jq -c '.[]' a.json");
        refused("a.jsonl", None, b"[1]", "jq -c");
        refused("a.json", None, b"\"text\"", "no JSON of objects");
        refused("-", None, b"[{\"a\": 1}]", "jq -c");
        refused("-", None, b"{\"a\": 1}\n", "--format jsonl");
        refused("data", None, b"{\n \"a\": 1\n}\n", "--format jsonl");
    }

    #[test]
    fn other_encodings_are_named() {
        let wide = |text: &str, big: bool| -> Vec<u8> {
            let units = text.encode_utf16();
            units
                .flat_map(|unit| {
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect()
        };
        for (content, expected) in [
            (wide("\u{feff}the film", false), "UTF-16 "),
            (wide("\u{feff}the film", true), "UTF-16 "),
            (wide("\u{feff}\u{4e00}\u{4e8c}", false), "UTF-16 "),
            (wide("the film\r\n", false), "UTF-16LE"),
            (wide("the film\r\n", true), "UTF-16BE"),
            (b"\xff\xfe\0\0t\0\0\0".to_vec(), "UTF-32"),
            (vec![0; 1000], "binary"),
        ] {
            for asked in [None, Some(Format::Text), Some(Format::Jsonl)] {
                let said = decide("a.txt", asked, &content).unwrap_err();
                assert!(said.contains(expected), "{said}");
            }
        }
    }

    #[test]
    fn tables_are_known_by_their_header_and_the_number_of_fields() {
        let kaggle =
            b"review,sentiment\n\"One \"\"wow\"\".<br />\nIt, is\",positive\nPlain,negative\n";
        assert_eq!(table(kaggle, true), Some("a CSV table"));
        assert_eq!(
            table(b"id\ttext\n1\ta film, good\n", true),
            Some("a TSV table")
        );
        assert_eq!(
            table(b"\"id\";\"my text\"\r\n1;x\r\n", true),
            Some("a CSV table with semicolons")
        );
        for text in [
            &b"good, bad\nfilm, end\n"[..],
            b"good,bad\nfilm\n",
            b"good,bad",
            b"one\ntwo\n",
            b"A long sentence of words,and another one here\nA long sentence of words,and another\n",
        ] {
            assert_eq!(table(text, true), None, "{}", text.escape_ascii());
        }
    }
}
