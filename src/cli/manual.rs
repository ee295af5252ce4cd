//! The manual page: the program, then every command with its options, on one page for `man -l -`.

use std::io;

use clap::Command;
use clap_mangen::Man;

/// Sections of the whole program; options that hold for every command stand here once.
pub(super) fn page(program: &Command) -> io::Result<Vec<u8>> {
    let program = program.clone().disable_help_subcommand(true);
    let whole = Man::new(program.clone());
    let mut page = Vec::new();
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    whole.render_options_section(&mut page)?;
    page.extend_from_slice(b".SH COMMANDS\n");
    for command in program.get_subcommands() {
        commands(command, program.get_name(), &mut page)?;
    }
    let mut exit_codes = Vec::new();
    whole.render_extra_section(&mut exit_codes)?;
    page.extend(String::from_utf8_lossy(&exit_codes).replace(".SH EXTRA", ".SH \"EXIT STATUS\"").into_bytes());
    whole.render_version_section(&mut page)?;
    Ok(page)
}

/// One command under the name that is typed, or those below it.
fn commands(command: &Command, above: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let name = format!("{above} {}", command.get_name());
    if command.has_subcommands() {
        return command.get_subcommands().try_for_each(|inner| commands(inner, &name, page));
    }
    let one = Man::new(command.clone().bin_name(&name).display_name(&name).disable_help_flag(true));
    page.extend_from_slice(format!(".SS \"{name}\"\n").as_bytes());
    let mut text = Vec::new();
    one.render_description_section(&mut text)?;
    one.render_synopsis_section(&mut text)?;
    if command.get_arguments().next().is_some() {
        one.render_options_section(&mut text)?;
    }
    if command.get_after_help().is_some() || command.get_after_long_help().is_some() {
        one.render_extra_section(&mut text)?;
    }
    // The sections of a command are paragraphs of this page.
    for line in String::from_utf8_lossy(&text).lines() {
        let line = if line.starts_with(".SH") { ".PP" } else { line };
        page.extend_from_slice(line.as_bytes());
        page.push(b'\n');
    }
    Ok(())
}
