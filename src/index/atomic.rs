//! Files that are there whole or not at all: written beside, synced, renamed, directory synced.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
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
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    File::open(parent)?.sync_all()
}
