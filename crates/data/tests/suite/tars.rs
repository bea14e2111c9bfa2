//! Tar files, plain and gzipped: all entries or an error.

use recurrent_data::DataError;
use tar::{Builder, EntryType, Header};

use crate::archives::*;

const FIRST: &str = "train/neg/0_3.txt";

/// A tar file in which the first review has another type.
fn typed(kind: EntryType) -> Vec<u8> {
    tar(&reviews(), |name, header| {
        if name == FIRST {
            header.set_entry_type(kind);
        }
    })
}

#[test]
fn a_changed_type_makes_no_review_vanish() {
    let types = (0..=u8::MAX).map(EntryType::new);
    for kind in types.filter(|kind| !matches!(kind, EntryType::Regular | EntryType::Continuous)) {
        for (name, archive) in [("a.tar", typed(kind)), ("a.tar.gz", gzip(&typed(kind)))] {
            let error = read_bytes(name, &archive).unwrap_err();
            assert!(error.to_string().contains(FIRST), "{kind:?}: {error}");
        }
    }
    // An empty review as well.
    for kind in [b'5', b'x', b'g', b'L', b'K', b'1', b'2', b'V'].map(EntryType::new) {
        let files = with(without(reviews(), FIRST), FIRST, "");
        let archive = tar(&files, |name, header| {
            if name == FIRST {
                header.set_entry_type(kind);
            }
        });
        let error = read_bytes("a.tar", &archive).unwrap_err();
        assert!(error.to_string().contains(FIRST), "{kind:?}: {error}");
    }
}

#[test]
fn plain_tars_old_and_new() {
    let expected = read_bytes("a.zip", &zip(&reviews())).unwrap();
    let old = {
        let mut builder = Builder::new(Vec::new());
        for (name, content) in reviews() {
            let mut header = Header::new_old();
            header.set_path(&name).unwrap();
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, content.as_slice()).unwrap();
        }
        builder.into_inner().unwrap()
    };
    assert!(!old.windows(5).any(|bytes| bytes == b"ustar"));
    for archive in [tar(&reviews(), |_, _| {}), old] {
        for name in ["a.tar", "a.tar.gz", "a"] {
            let corpus = read_bytes(name, &archive).unwrap();
            assert_eq!(corpus.sha256(), expected.sha256());
        }
        let padded = [archive.as_slice(), &[0; 10_240]].concat();
        assert_eq!(
            read_bytes("a.tar", &padded).unwrap().sha256(),
            expected.sha256()
        );
    }
}

#[test]
fn what_follows_a_gzipped_tar() {
    let whole = tar_gz(&reviews(), |_, _| {});
    let padded = [whole.as_slice(), &vec![0; 10_240 - whole.len()]].concat();
    assert_eq!(counts(&read_bytes("a.tar.gz", &padded).unwrap()), [4, 4]);
    let error = read_bytes("a.tar.gz", &[whole.as_slice(), b"garbage\r\n"].concat()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("bytes 67 61 72 62 61 67 65 0d 0a"),
        "{error}"
    );
    // In several members, as parallel gzip makes them.
    let plain = tar(&reviews(), |_, _| {});
    let members: Vec<u8> = plain.chunks(1000).flat_map(gzip).collect();
    assert_eq!(counts(&read_bytes("a.tar.gz", &members).unwrap()), [4, 4]);
}

#[test]
fn two_archives_joined_are_not_one() {
    let (first, second) = (reviews(), with(Files::new(), "train/neg/9_1.txt", "more"));
    let joined = [tar(&first, |_, _| {}), tar(&second, |_, _| {})].concat();
    for (name, archive) in [("a.tar", joined.clone()), ("a.tar.gz", gzip(&joined))] {
        let error = read_bytes(name, &archive).unwrap_err().to_string();
        assert!(error.contains("something follows its end"), "{error}");
    }
}

#[test]
fn long_names_in_both_ways() {
    let top = "a-folder-with-a-long-name/".repeat(6);
    let mut gnu = Builder::new(Vec::new());
    let mut pax = Builder::new(Vec::new());
    for (name, content) in reviews() {
        let name = format!("{top}{name}");
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        gnu.append_data(&mut header, &name, content.as_slice())
            .unwrap();
        let mut header = Header::new_ustar();
        header.set_path("cut").unwrap();
        header.set_size(content.len() as u64);
        header.set_cksum();
        let records = [("path", name.as_bytes()), ("mtime", b"1.5")];
        pax.append_pax_extensions(records).unwrap();
        pax.append(&header, content.as_slice()).unwrap();
    }
    let expected = read_bytes("a.zip", &zip(&reviews())).unwrap();
    for builder in [gnu, pax] {
        let archive = builder.into_inner().unwrap();
        let corpus = read_bytes("a.tar", &archive).unwrap();
        assert_eq!(corpus.sha256(), expected.sha256());
        // Cut off behind the name that was announced.
        let cut = [&archive[..1024], &[0; 1024]].concat();
        assert!(read_bytes("a.tar", &cut).is_err());
    }
}

#[test]
fn the_comment_of_git_archive_is_no_entry() {
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_ustar();
    let comment = b"52 comment=0123456789012345678901234567890123456789\n";
    header.set_path("pax_global_header").unwrap();
    header.set_entry_type(EntryType::XGlobalHeader);
    header.set_size(comment.len() as u64);
    header.set_cksum();
    builder.append(&header, comment.as_slice()).unwrap();
    let global = builder.into_inner().unwrap();
    let archive = [&global[..1024], &tar(&reviews(), |_, _| {})].concat();
    assert_eq!(counts(&read_bytes("a.tar", &archive).unwrap()), [4, 4]);
}

#[test]
fn gzip_of_something_else() {
    let error = read_bytes("a.tar.gz", &gzip(&[b'x'; 2000])).unwrap_err();
    assert!(matches!(error, DataError::DamagedArchive { .. }), "{error}");
}
