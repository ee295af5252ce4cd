//! Files that are there whole or not at all: written beside, synced, renamed, directory synced.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::Path;

/// Replaces `path` by what `fill` writes; on any error the old file stays. What is no file, as `/dev/null`, is written to.
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        let device = File::options().write(true).open(path)?;
        let mut writer = BufWriter::new(&device);
        fill(&mut writer)?;
        return writer.flush();
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new().prefix(".linkgate-").tempfile_in(parent)?;
    let mut writer = BufWriter::with_capacity(1 << 20, temporary.as_file());
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    owned_like(temporary.as_file(), parent);
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    File::open(parent)?.sync_all()
}

/// Gives a file to whoever has its directory, if we may: what an administrator writes into the state of a service must not be
/// out of its reach.
pub fn owned_like(file: &File, directory: &Path) {
    let (Ok(own), Ok(parent)) = (file.metadata(), directory.metadata()) else { return };
    if (own.uid(), own.gid()) != (parent.uid(), parent.gid()) {
        // Only an administrator may; for others the directory's owner is nobody to reach.
        drop(fchown(file, Some(parent.uid()), Some(parent.gid())));
    }
}

/// Makes a directory and those above it, each owned like the one that it is in.
pub fn make_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_directory(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    owned_like(&File::open(path)?, parent);
    Ok(())
}
