//! Formats that are known and not read: by the names of their files and by how these begin.

use std::path::Path;

/// A format that is not read here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// What it is, after "is" and "promises".
    pub(super) what: &'static str,
    /// Extensions of its files, in lower case.
    extensions: &'static [&'static str],
    /// How its files begin.
    magic: &'static [&'static [u8]],
    pub(super) kind: Kind,
}

/// What can be done about a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Compressed, and what decompresses it to standard output.
    Compressed(&'static str),
    /// An archive, and what writes a file in it to standard output.
    Archive(&'static str),
    /// Rows and columns as text.
    Table,
    /// Rows and columns, binary.
    Columns,
    /// A spreadsheet.
    Sheet,
    /// Text inside of something else.
    Document,
    /// Structured text.
    Markup,
    /// No text at all.
    Binary,
}

use Kind::{Archive, Binary, Columns, Compressed, Document, Markup, Sheet, Table};

const fn new(
    what: &'static str,
    kind: Kind,
    extensions: &'static [&'static str],
    magic: &'static [&'static [u8]],
) -> Foreign {
    Foreign {
        what,
        extensions,
        magic,
        kind,
    }
}

/// All of them. Where two begin alike, the first counts.
static FOREIGN: &[Foreign] = &[
    new("gzip", Compressed("zcat"), &["gz", "gzip"], &[b"\x1f\x8b"]),
    new(
        "Unix compress",
        Compressed("zcat"),
        &["z"],
        &[b"\x1f\x9d", b"\x1f\xa0"],
    ),
    new(
        "Zstandard",
        Compressed("zstdcat"),
        &["zst", "zstd"],
        &[b"\x28\xb5\x2f\xfd", b"\x22\xb5\x2f\xfd"],
    ),
    new("xz", Compressed("xzcat"), &["xz"], &[b"\xfd7zXZ\0"]),
    new("LZMA", Compressed("xzcat"), &["lzma"], &[b"\x5d\0\0"]),
    new("lzip", Compressed("lzip -dc"), &["lz"], &[b"LZIP\x01"]),
    new(
        "LZ4",
        Compressed("lz4 -dc"),
        &["lz4"],
        &[b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18"],
    ),
    new(
        "Snappy",
        Compressed("snzip -dc"),
        &["sz", "snappy"],
        &[b"\xff\x06\0\0sNaPpY"],
    ),
    new("Brotli", Compressed("brotli -dc"), &["br", "brotli"], &[]),
    new(
        "bzip2",
        Compressed("bzcat"),
        &["bz2", "bz"],
        &[
            b"BZh11AY&SY",
            b"BZh21AY&SY",
            b"BZh31AY&SY",
            b"BZh41AY&SY",
            b"BZh51AY&SY",
            b"BZh61AY&SY",
            b"BZh71AY&SY",
            b"BZh81AY&SY",
            b"BZh91AY&SY",
        ],
    ),
    new(
        "a spreadsheet",
        Sheet,
        &["xlsx", "xls", "xlsm", "xlsb", "ods", "fods", "numbers"],
        &[],
    ),
    new("a Word document", Document, &["doc", "docx"], &[]),
    new("an OpenDocument text", Document, &["odt", "fodt"], &[]),
    new(
        "a presentation",
        Document,
        &["ppt", "pptx", "odp", "key"],
        &[],
    ),
    new(
        "an e-book",
        Document,
        &["epub", "mobi", "azw", "azw3", "djvu"],
        &[b"AT&TFORM"],
    ),
    new("a PyTorch file", Binary, &["pt", "pth", "ckpt"], &[]),
    new("a Keras model", Binary, &["keras"], &[]),
    new("NumPy's .npz", Binary, &["npz"], &[]),
    new(
        "a zip archive",
        Archive("unzip -p"),
        &["zip", "jar", "whl", "egg"],
        &[b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"],
    ),
    new(
        "a compressed tar archive",
        Archive("tar -xOf"),
        &["tgz", "taz", "tbz", "tbz2", "txz", "tzst", "tlz"],
        &[],
    ),
    new("a tar archive", Archive("tar -xOf"), &["tar"], &[]),
    new(
        "a 7-Zip archive",
        Archive("7z x -so"),
        &["7z"],
        &[b"7z\xbc\xaf\x27\x1c"],
    ),
    new(
        "a RAR archive",
        Archive("unrar p -inul"),
        &["rar"],
        &[b"Rar!\x1a\x07"],
    ),
    new(
        "a cabinet archive",
        Archive("cabextract -p"),
        &["cab"],
        &[b"MSCF\0\0\0\0"],
    ),
    new(
        "an archive",
        Archive("bsdtar -xOf"),
        &["cpio", "ar", "deb", "rpm", "iso", "xar"],
        &[b"!<arch>\n", b"\xed\xab\xee\xdb"],
    ),
    new("a CSV table", Table, &["csv"], &[]),
    new("a TSV table", Table, &["tsv", "tab"], &[]),
    new("a table", Table, &["psv", "ssv"], &[]),
    new(
        "an Arrow file",
        Columns,
        &["arrow", "feather", "ftr", "ipc", "arrows"],
        &[b"ARROW1\0\0", b"FEA1"],
    ),
    new("an ORC file", Columns, &["orc"], &[]),
    new("an Avro file", Columns, &["avro"], &[b"Obj\x01"]),
    new(
        "an HDF5 file",
        Columns,
        &["h5", "hdf5", "hdf", "he5", "nc"],
        &[b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02"],
    ),
    new(
        "an SQLite database",
        Columns,
        &["sqlite", "sqlite3", "db3"],
        &[b"SQLite format 3\0"],
    ),
    new(
        "a database",
        Columns,
        &["db", "duckdb", "mdb", "accdb", "dbf", "lmdb"],
        &[b"\0\x01\0\0Standard Jet DB", b"\0\x01\0\0Standard ACE DB"],
    ),
    new(
        "a data file of R",
        Columns,
        &["rds", "rda", "rdata"],
        &[b"RDX2\n", b"RDX3\n"],
    ),
    new(
        "a data file of a statistics program",
        Columns,
        &["sav", "dta", "sas7bdat", "mat"],
        &[b"$FL2", b"<stata_dta>", b"MATLAB 5.0"],
    ),
    new("a TFRecord file", Columns, &["tfrecord", "tfrecords"], &[]),
    new("NumPy's .npy", Binary, &["npy"], &[b"\x93NUMPY"]),
    new(
        "a pickle of Python's",
        Binary,
        &["pkl", "pickle", "joblib"],
        &[
            b"\x80\x02}",
            b"\x80\x02]",
            b"\x80\x02c",
            b"\x80\x03",
            b"\x80\x04\x95",
            b"\x80\x05\x95",
        ],
    ),
    new(
        "a file of weights",
        Binary,
        &["safetensors", "onnx", "gguf", "ggml", "tflite", "pb"],
        &[b"GGUF\x02\0\0\0", b"GGUF\x03\0\0\0"],
    ),
    new(
        "a binary encoding",
        Binary,
        &[
            "cbor", "msgpack", "mpk", "bson", "ubj", "protobuf", "postcard",
        ],
        &[],
    ),
    new("a PDF document", Document, &["pdf"], &[b"%PDF-"]),
    new("PostScript", Document, &["ps", "eps"], &[b"%!PS"]),
    new("an RTF document", Document, &["rtf"], &[b"{\\rtf"]),
    new(
        "an Office document",
        Document,
        &["msg", "one"],
        &[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
    ),
    new("a notebook", Markup, &["ipynb"], &[]),
    new(
        "JSON of another kind",
        Markup,
        &["geojson", "json5", "jsonc", "har"],
        &[],
    ),
    new("XML", Markup, &["xml", "svg", "rss", "atom"], &[]),
    new("HTML", Markup, &["html", "htm", "xhtml", "mhtml"], &[]),
    new("YAML", Markup, &["yaml", "yml"], &[]),
    new("TOML", Markup, &["toml"], &[]),
    new(
        "a picture",
        Binary,
        &[
            "png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "ico", "heic", "psd",
        ],
        &[
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"GIF87a",
            b"GIF89a",
            b"II*\0",
            b"MM\0*",
        ],
    ),
    new(
        "sound or a film",
        Binary,
        &[
            "mp3", "wav", "flac", "ogg", "opus", "m4a", "mp4", "avi", "mkv", "mov", "webm",
        ],
        &[
            b"ID3\x02",
            b"ID3\x03",
            b"ID3\x04",
            b"fLaC\0",
            b"OggS\0",
            b"\x1a\x45\xdf\xa3",
        ],
    ),
    new(
        "a program",
        Binary,
        &[
            "exe", "dll", "so", "dylib", "o", "a", "class", "pyc", "wasm",
        ],
        &[
            b"\x7fELF",
            b"\0asm",
            b"\xca\xfe\xba\xbe",
            b"\xcf\xfa\xed\xfe",
        ],
    ),
];

/// Where a tar archive says that it is one.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// The extension of a file, in lower case.
pub(super) fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    extension.to_string_lossy().into_owned()
}

/// The format that a file's name promises.
pub(super) fn named(path: &Path) -> Option<&'static Foreign> {
    let extension = extension(path);
    let has = |foreign: &&Foreign| foreign.extensions.contains(&extension.as_str());
    FOREIGN.iter().find(has)
}

/// The format of a file that begins like this.
pub(super) fn beginning(content: &[u8]) -> Option<&'static Foreign> {
    let begins = |foreign: &&Foreign| foreign.magic.iter().any(|magic| content.starts_with(magic));
    let (place, mark) = TAR;
    let is_tar = content
        .get(place..)
        .is_some_and(|rest| rest.starts_with(mark));
    FOREIGN.iter().find(begins).or_else(|| {
        FOREIGN
            .iter()
            .find(|foreign| is_tar && foreign.extensions == ["tar"])
    })
}

impl Foreign {
    /// What a file of this format is, after its name.
    pub(super) fn found(&self) -> String {
        match self.kind {
            Compressed(_) => format!("is compressed ({}), which is not read here", self.what),
            _ => format!("is {}, which is not read here", self.what),
        }
    }

    /// What to do about a file of this format.
    pub(super) fn remedy(&self, file: &str) -> String {
        let pipe = "| recurrent vectorize … --input -`";
        match self.kind {
            Compressed(command) => format!(
                "decompress it into a pipe: `{command} {file} {pipe}, with --format if it has no plain lines"
            ),
            Archive(command) => format!(
                "take the file with the texts out of it, or pipe it: `{command} {file} … {pipe}"
            ),
            Table => "write it as JSON lines or Parquet, with pandas for instance: \
                      `read_csv(…).to_json(\"texts.jsonl\", orient=\"records\", lines=True)`"
                .to_owned(),
            Columns => "write its texts as Parquet or JSON lines".to_owned(),
            Sheet => "save the sheet as CSV, and that as JSON lines or Parquet".to_owned(),
            Document => "extract its text, and write one text a line".to_owned(),
            Markup => "extract its texts, and write them as JSON lines or one a line".to_owned(),
            Binary => "give text: one a line, JSON lines or Parquet".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_name_and_by_content() {
        let by_name = |name: &str| named(Path::new(name)).map(|foreign| foreign.what);
        assert_eq!(by_name("a.b/IMDB Dataset.CSV"), Some("a CSV table"));
        assert_eq!(by_name("x.tar.gz"), Some("gzip"));
        for text in [
            "x.txt",
            "x",
            "csv",
            ".csv",
            "x.jsonl",
            "x.parquet",
            "x.json",
            "x.csv/y",
            "-",
        ] {
            assert_eq!(by_name(text), None, "{text}");
        }
        let by_content = |content: &[u8]| beginning(content).map(|foreign| foreign.what);
        assert_eq!(by_content(b"\x1f\x8b\x08\0"), Some("gzip"));
        assert_eq!(by_content(b"PK\x03\x04..."), Some("a zip archive"));
        assert_eq!(by_content(b"\x93NUMPY\x01\0"), Some("NumPy's .npy"));
        let mut tar = vec![b'a'; 600];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(by_content(&tar), Some("a tar archive"));
        for text in [
            &b"The film"[..],
            b"",
            b"BZh is no word",
            b"PK",
            b"Rar! it was",
            b"ORC armies",
        ] {
            assert_eq!(by_content(text), None, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn no_extension_is_named_twice() {
        let mut all: Vec<_> = FOREIGN
            .iter()
            .flat_map(|foreign| foreign.extensions)
            .collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
