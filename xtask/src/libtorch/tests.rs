//! Places, locks, folders and archives, without a network.

use std::io::Write;

use super::*;

const HEADER: &str = "include/torch/csrc/api/include/torch/version.h";

/// A folder that passes for a libtorch.
fn fake(folder: &Path, version: [u32; 3], libraries: &[&str]) {
    let [major, minor, patch] = version;
    let header = folder.join(HEADER);
    std::fs::create_dir_all(header.parent().unwrap()).unwrap();
    std::fs::write(
        header,
        format!(
            "#define TORCH_VERSION_MAJOR {major}\n#define TORCH_VERSION_MINOR {minor}\n\
             #define TORCH_VERSION_PATCH {patch}\n"
        ),
    )
    .unwrap();
    std::fs::create_dir_all(folder.join("lib")).unwrap();
    for library in libraries {
        std::fs::write(folder.join("lib").join(library), b"").unwrap();
    }
}

#[cfg(target_os = "linux")]
const CPU: [&str; 3] = ["libtorch_cpu.so", "libtorch.so", "libc10.so"];

#[test]
#[cfg(target_os = "linux")]
fn a_folder_of_the_users_own_is_taken_or_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |kind| named_by_user(folder.path(), kind).unwrap_err().to_string();
    assert!(refused(Kind::Cpu).contains("libtorch_cpu.so is missing"));
    fake(folder.path(), [2, 9, 0], &CPU);
    let taken = named_by_user(folder.path(), Kind::Cpu).unwrap();
    assert_eq!(taken.version, Version::V2_9_0);
    assert!(taken.describe().ends_with("named by LIBTORCH"));
    assert!(refused(Kind::Cuda).contains("has no libtorch_cuda.so"));
    fake(folder.path(), [2, 11, 0], &["libtorch_cuda.so"]);
    let taken = named_by_user(folder.path(), Kind::Cuda).unwrap();
    assert_eq!(taken.version, Version::V2_11_0);
    fake(folder.path(), [2, 5, 1], &[]);
    assert!(refused(Kind::Cpu).contains("names version 2.5.1"));
}

#[test]
fn a_build_is_told_where_it_lies_and_which_check_to_leave_out() {
    let libtorch = |version| Libtorch {
        folder: "/there".into(),
        kind: Kind::Cpu,
        version,
        named: false,
    };
    let variable = |version, name: &str| {
        let mut command = Command::new("true");
        libtorch(version).set(&mut command);
        command
            .get_envs()
            .find(|(key, _)| *key == name)
            .and_then(|(_, value)| Some(value?.to_owned()))
    };
    assert_eq!(variable(Version::V2_9_0, VARIABLE), Some("/there".into()));
    assert_eq!(variable(Version::V2_9_0, BYPASS), None);
    assert_eq!(variable(Version::V2_11_0, BYPASS), Some("1".into()));
    let mut command = Command::new("true");
    libtorch(Version::V2_9_0).set_search_path(&mut command);
    let (_, paths) = command.get_envs().next().unwrap();
    let first = std::env::split_paths(paths.unwrap()).next();
    assert_eq!(first, Some("/there/lib".into()));
}

#[test]
fn the_loaders_complaint_names_a_library() {
    let said = "target/release/recurrent: error while loading shared libraries: libcudnn.so.9: cannot open \
                shared object file: No such file or directory\n";
    assert_eq!(missing_library(said), Some("libcudnn.so.9"));
    assert_eq!(missing_library("error: something else\n"), None);
}

#[test]
#[cfg(target_os = "linux")]
fn a_place_is_found_once_it_has_its_name() {
    let cache = tempfile::tempdir().unwrap();
    let place = Place::new(cache.path(), Kind::Cpu, Version::V2_9_0);
    assert_eq!(place.found().unwrap(), None);
    // What a run left that was ended in between is not taken for a libtorch, and not in the way.
    fake(&place.partial, [2, 9, 0], &CPU[..1]);
    assert_eq!(place.found().unwrap(), None);
    place.empty_partial().unwrap();
    fake(&place.partial, [2, 9, 0], &CPU);
    std::fs::create_dir_all(&place.downloads).unwrap();
    place.finish(Vec::new()).unwrap();
    assert!(place.found().unwrap().is_some());
    assert!(!place.downloads.exists() && !place.partial.exists());
    assert!(place.folder.join(ORIGIN).is_file());
    // Damage is told, not mended silently.
    std::fs::remove_file(place.folder.join("lib/libc10.so")).unwrap();
    let error = place.found().unwrap_err().to_string();
    assert!(error.contains("libc10.so is missing"), "{error}");
}

#[test]
fn two_runs_do_not_fetch_at_once() {
    let cache = tempfile::tempdir().unwrap();
    let place = || Place::new(cache.path(), Kind::Cpu, Version::V2_9_0);
    let held = place().lock().unwrap();
    let second = std::thread::scope(|scope| {
        let waits = scope.spawn(|| place().lock().map(drop));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!waits.is_finished());
        drop(held);
        waits.join().unwrap()
    });
    assert!(second.is_ok());
}

#[test]
fn a_file_with_another_hash_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.whl");
    std::fs::write(&path, b"abc").unwrap();
    // The example of FIPS 180-4.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    unpack::expect_sha256(&path, abc).unwrap();
    let error = unpack::expect_sha256(&path, "00").unwrap_err();
    assert!(error.is_final() && !path.exists(), "{error}");
}

#[test]
fn unpacks_what_is_wanted_and_nothing_outside() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("a.zip");
    let mut zip = zip::ZipWriter::new(File::create(&archive).unwrap());
    for name in ["keep/a.so", "drop/b.so"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(name.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let out = folder.path().join("out");
    let keep = |entry: &str| entry.strip_prefix("keep/").map(PathBuf::from);
    unpack::unpack(&archive, &out, keep).unwrap();
    assert_eq!(std::fs::read(out.join("a.so")).unwrap(), b"keep/a.so");
    assert!(!out.join("b.so").exists());
    let outside = |_: &str| Some(PathBuf::from("../b.so"));
    assert!(unpack::unpack(&archive, &out, outside).is_err());
    std::fs::write(&archive, b"no zip").unwrap();
    assert!(unpack::unpack(&archive, &out, keep).is_err());
}
