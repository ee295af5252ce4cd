//! Wrong usage, completions and the manual page.

use std::fmt::Write as _;

use super::help::own_help;
use super::session;
use crate::Home;

/// Each command as it is typed.
const COMMANDS: [&str; 14] = [
    "check",
    "explain",
    "inspect",
    "lists",
    "lists compile",
    "lists status",
    "override",
    "override add",
    "override approve",
    "override list",
    "override remove",
    "config",
    "completions",
    "man",
];

#[test]
fn wrong_usage_exits_with_64() {
    for arguments in [&["check", "--no-such"][..], &["nonsense"], &["check", "--json", "--jsonl"], &[]] {
        assert_eq!(Home::new().run(arguments).code, 64, "{arguments:?}");
    }
    assert_eq!(Home::new().run(&["--help"]).code, 0);
}

#[test]
fn completions_and_manual_are_printed() {
    assert!(Home::new().run(&["completions", "bash"]).stdout.contains("_linkgate"));
    assert!(Home::new().run(&["man"]).stdout.contains(".TH linkgate"));
}

#[test]
fn wrong_usage_says_what_is_right() {
    let home = Home::new();
    let session = session(
        &home,
        &[
            &["nonsense"],
            &["check", "--no-such"],
            &["check", "--json", "--jsonl"],
            &["check", "--jsonl", "text"],
            &["check", "--text-format", "word", "x"],
            &["check", "--allow-bad", "many"],
            &["explain"],
            &["inspect", "nothing"],
            &["lists"],
            &["lists", "compile", "lists/demo.csv"],
            &["lists", "status", "--json", "--explain"],
            &["override", "add", "a.example"],
            &["config", "nonsense"],
            &["completions", "nonsense"],
        ],
    );
    insta::assert_snapshot!(session, @"
    $ linkgate nonsense
    2> error: unrecognized subcommand 'nonsense'
    2>
    2> Usage: linkgate [OPTIONS] <COMMAND>
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate check --no-such
    2> error: unexpected argument '--no-such' found
    2>
    2>   tip: to pass '--no-such' as a value, use '-- --no-such'
    2>
    2> Usage: linkgate check [OPTIONS] [TEXT]...
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate check --json --jsonl
    2> error: the argument '--json' cannot be used with '--jsonl'
    2>
    2> Usage: linkgate check --json [TEXT]...
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate check --jsonl text
    2> error: the argument '--jsonl' cannot be used with '[TEXT]...'
    2>
    2> Usage: linkgate check --jsonl [TEXT]...
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate check --text-format word x
    2> error: invalid value 'word' for '--text-format <FORMAT>'
    2>   [possible values: plain, html, markdown]
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate check --allow-bad many
    2> error: invalid value 'many' for '--allow-bad <N>': invalid digit found in string
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate explain
    2> error: the following required arguments were not provided:
    2>   <URL>
    2>
    2> Usage: linkgate explain <URL>
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate inspect nothing
    2> error: invalid value 'nothing' for '<STAGE>'
    2>   [possible values: links, canonical, expressions, suffix, list, guard]
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate lists
    2> Fetch, compare, approve and take back versions of lists, compile lists, or show their state
    2>
    2> Usage: linkgate lists [OPTIONS] <COMMAND>
    2>
    2> Commands:
    2>   compile   Compile lists into one file that opens in milliseconds
    2>   status    Show the configured lists, or those given: scopes, age, what is wrong with them
    2>   fetch     Ask the sources of lists now, and take what passes the guards
    2>   diff      Show by the ids of entries what a version of a list has and another has not
    2>   preview   Show what the version that waits would newly match
    2>   approve   Let the version that waits answer, or an entry that is held back
    2>   refuse    Refuse the version that waits, so that it is not taken again; or hold an entry back
    2>             again that was approved
    2>   changes   Show when other entries answered than before, one JSON object a line
    2>   export    Write a version as a compiled list, for `rescan --only-new` and other machines with the
    2>             same key
    2>   rollback  Go back to an earlier version
    2>   help      Print this message or the help of the given subcommand(s)
    2>
    2> Options:
    2>   -h, --help  Print help
    2>
    2> Options of every command:
    2>       --config <FILE>    Configuration file; `LINKGATE_CONFIG` names one too
    2>       --key-file <FILE>  File with the state key; `LINKGATE_KEY_FILE` names one too
    [64]
    $ linkgate lists compile lists/demo.csv
    2> error: the following required arguments were not provided:
    2>   --out <FILE>
    2>
    2> Usage: linkgate lists compile --out <FILE> <SRC>...
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate lists status --json --explain
    2> error: the argument '--json' cannot be used with '--explain'
    2>
    2> Usage: linkgate lists status --json
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate override add a.example
    2> error: the following required arguments were not provided:
    2>   --scope <SCOPE>
    2>   --action <ACTION>
    2>   --reason <REASON>
    2>   --author <AUTHOR>
    2>
    2> Usage: linkgate override add --scope <SCOPE> --action <ACTION> --reason <REASON> --author <AUTHOR> <VALUE>
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate config nonsense
    2> error: invalid value 'nonsense' for '[WHAT]'
    2>   [possible values: show, check, default]
    2>
    2> For more information, try '--help'.
    [64]
    $ linkgate completions nonsense
    2> error: invalid value 'nonsense' for '<SHELL>'
    2>   [possible values: bash, elvish, fish, powershell, zsh]
    2>
    2> For more information, try '--help'.
    [64]
    ");
}

#[test]
fn completions_know_every_command() {
    let home = Home::new();
    let mut heads = String::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = home.run(&["completions", shell]).stdout;
        for word in ["text-format", "allow-bad", "key-file", "compile", "status", "override", "expires"] {
            assert!(text.contains(word), "{shell}: {word}");
        }
        let first = text.lines().find(|line| line.contains("linkgate")).unwrap();
        let _ = writeln!(heads, "{shell}: {}", first.trim());
    }
    insta::assert_snapshot!(heads, @"
    bash: _linkgate() {
    zsh: #compdef linkgate
    fish: function __fish_linkgate_global_optspecs
    elvish: set edit:completion:arg-completer[linkgate] = {|@words|
    powershell: Register-ArgumentCompleter -Native -CommandName 'linkgate' -ScriptBlock {
    ");
}

#[test]
fn the_manual_has_every_command_with_all_its_options() {
    let page = Home::new().run(&["man"]).stdout;
    let headings: Vec<&str> = page.lines().filter(|line| line.starts_with(".S") || line.starts_with(".TH")).collect();
    insta::assert_snapshot!(headings.join("\n").replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r#"
    .TH linkgate 1  "linkgate VERSION" 
    .SH NAME
    .SH SYNOPSIS
    .SH DESCRIPTION
    .SH OPTIONS
    .SH "OPTIONS OF EVERY COMMAND"
    .SH COMMANDS
    .SS "linkgate check"
    .SS "linkgate rescan"
    .SS "linkgate explain"
    .SS "linkgate inspect"
    .SS "linkgate lists compile"
    .SS "linkgate lists status"
    .SS "linkgate lists fetch"
    .SS "linkgate lists diff"
    .SS "linkgate lists preview"
    .SS "linkgate lists approve"
    .SS "linkgate lists refuse"
    .SS "linkgate lists changes"
    .SS "linkgate lists export"
    .SS "linkgate lists rollback"
    .SS "linkgate audit verify"
    .SS "linkgate serve"
    .SS "linkgate self-test"
    .SS "linkgate keys new"
    .SS "linkgate override add"
    .SS "linkgate override list"
    .SS "linkgate override approve"
    .SS "linkgate override remove"
    .SS "linkgate config"
    .SS "linkgate completions"
    .SS "linkgate man"
    .SH "EXIT STATUS"
    .SH VERSION
    "#);
    for command in COMMANDS.iter().filter(|command| !["lists", "override"].contains(command)) {
        let (_, section) = page.split_once(&format!(".SS \"linkgate {command}\"\n")).unwrap();
        let section = section.split("\n.S").next().unwrap();
        let own = own_help(command);
        let options =
            own.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|word| word.starts_with("--"));
        for option in options.filter(|option| *option != "--help") {
            assert!(section.contains(&option.replace('-', "\\-")), "{command} {option}: {section}");
        }
    }
    let (_, add) = page.split_once(".SS \"linkgate override add\"\n").unwrap();
    insta::assert_snapshot!(add.split("\n.S").next().unwrap(), @r"
    .ie \n(.g .ds Aq \(aq
    .el .ds Aq '
    .PP
    Add a ruling
    .ie \n(.g .ds Aq \(aq
    .el .ds Aq '
    .PP
    \fBlinkgate override add\fR [\fB\-\-expires\fR] <\fB\-\-scope\fR> <\fB\-\-action\fR> <\fB\-\-reason\fR> <\fB\-\-author\fR> <\fIVALUE\fR> 
    .ie \n(.g .ds Aq \(aq
    .el .ds Aq '
    .PP
    .TP
    \fB\-\-scope\fR \fI<SCOPE>\fR
    domain, host, subdomains, url, url_prefix, label, ip, cidr, sha256 or md5_url
    .TP
    \fB\-\-action\fR \fI<ACTION>\fR
    allow, flag, hold or reject
    .TP
    \fB\-\-reason\fR \fI<REASON>\fR
    Why
    .TP
    \fB\-\-author\fR \fI<AUTHOR>\fR
    Who decides
    .TP
    \fB\-\-expires\fR \fI<DAY>\fR
    Its last day, which counts to its end in UTC, as 2027\-01\-31; or the moment it ends, as 2027\-01\-31T12:00:00Z. Required below reject, at most 90 days from now
    .TP
    <\fIVALUE\fR>
    A host, URL, address, network, label or hash, by scope
    ");
}
