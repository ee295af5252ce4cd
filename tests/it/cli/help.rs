//! The help of every command.

use super::session;
use crate::Home;

fn help(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
    let ran = Home::new().run(&words);
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{command}");
    ran.stdout
}

/// The help of a command without the options that all have.
pub(super) fn own_help(command: &str) -> String {
    let text = help(command);
    let (own, common) = text.split_once("\nOptions of every command:").unwrap();
    assert!(common.contains("--config <FILE>") && common.contains("--key-file <FILE>"), "{common}");
    format!(
        "{own}{}",
        common
            .split_once("names one too\n")
            .map_or("", |(_, rest)| rest.split_once("names one too\n").map_or("", |(_, rest)| rest))
    )
}

#[test]
fn help_of_the_whole() {
    insta::assert_snapshot!(help(""), @"
    Keeps links to child sexual abuse material out of social platforms.

    Checks the links of posts against lists shared by child-protection organisations. Without a
    configuration file it uses a demo list of reserved names: `linkgate check 'see
    hxxps://listed[.]example/a'`

    Usage: linkgate [OPTIONS] <COMMAND>

    Commands:
      check        Check posts and say what to do about them
      rescan       Judge posts that are published already, from files, and write what is found
      explain      Show every step of one URL: canonical form, nested URLs, aliases, expressions,
                   matches
      inspect      Run one stage alone: JSON lines in, JSON lines out
      lists        Fetch, compare, approve and take back versions of lists, compile lists, or show their
                   state
      audit        The record of who approved, rolled back and overruled what, and why
      serve        Serve the check API and, if it is configured, the reverse proxy
      self-test    Send the canary of each list through every door of the server that runs, and certify
                   what comes of it
      keys         Keys of the check API
      override     The operator's own rulings on links
      config       Show the configuration
      completions  Print completions for a shell: `linkgate completions bash`
      man          Print the manual page: linkgate man | man -l -
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Options of every command:
          --config <FILE>
              Configuration file; `LINKGATE_CONFIG` names one too

          --key-file <FILE>
              File with the state key; `LINKGATE_KEY_FILE` names one too

    Exit codes: 0 every action is allow, 1 some action is above allow, 2 failed or input was passed
    over, 64 wrong usage.
    ");
    let home = Home::new();
    insta::assert_snapshot!(session(&home, &[&["--version"], &[]]), @"
    $ linkgate --version
    linkgate VERSION
    [0]
    $ linkgate
    2> Keeps links to child sexual abuse material out of social platforms
    2>
    2> Usage: linkgate [OPTIONS] <COMMAND>
    2>
    2> Commands:
    2>   check        Check posts and say what to do about them
    2>   rescan       Judge posts that are published already, from files, and write what is found
    2>   explain      Show every step of one URL: canonical form, nested URLs, aliases, expressions,
    2>                matches
    2>   inspect      Run one stage alone: JSON lines in, JSON lines out
    2>   lists        Fetch, compare, approve and take back versions of lists, compile lists, or show their
    2>                state
    2>   audit        The record of who approved, rolled back and overruled what, and why
    2>   serve        Serve the check API and, if it is configured, the reverse proxy
    2>   self-test    Send the canary of each list through every door of the server that runs, and certify
    2>                what comes of it
    2>   keys         Keys of the check API
    2>   override     The operator's own rulings on links
    2>   config       Show the configuration
    2>   completions  Print completions for a shell: `linkgate completions bash`
    2>   man          Print the manual page: linkgate man | man -l -
    2>   help         Print this message or the help of the given subcommand(s)
    2>
    2> Options:
    2>   -h, --help     Print help (see more with '--help')
    2>   -V, --version  Print version
    2>
    2> Options of every command:
    2>       --config <FILE>    Configuration file; `LINKGATE_CONFIG` names one too
    2>       --key-file <FILE>  File with the state key; `LINKGATE_KEY_FILE` names one too
    2>
    2> Exit codes: 0 every action is allow, 1 some action is above allow, 2 failed or input was passed
    2> over, 64 wrong usage.
    [64]
    ");
}

#[test]
fn help_of_commands_that_judge() {
    insta::assert_snapshot!(own_help("check"), @r#"
    Check posts and say what to do about them

    Usage: linkgate check [OPTIONS] [TEXT]...

    Arguments:
      [TEXT]...
              Posts, one each; `-` or nothing reads standard input as one post

    Options:
          --text-format <FORMAT>
              How the text is marked up

              Possible values:
              - plain:    No markup
              - html:     HTML
              - markdown: Markdown
              
              [default: plain]

          --json
              Print one JSON object

          --jsonl
              Read posts as JSON lines and print a report a line:
              {"id":…,"text":…,"format":…,"links":[…]}

          --show-links
              Show links as the post has them instead of masked

          --follow
              Ask shorteners where their links lead; a listed page is never asked for

          --allow-bad <N>
              With --jsonl: pass over up to N lines that cannot be read
              
              [default: 0]

          --lists <SRC>
              A list in any known format, or a compiled one, instead of the configured ones;
              `format:path` names the format

      -h, --help
              Print help (see a summary with '-h')
    "#);
    insta::assert_snapshot!(own_help("explain"), @"
    Show every step of one URL: canonical form, nested URLs, aliases, expressions, matches

    Usage: linkgate explain [OPTIONS] <URL>

    Arguments:
      <URL>  The URL, in any spelling

    Options:
          --json         Print one JSON object
          --follow       Ask shorteners where their links lead; a listed page is never asked for
          --lists <SRC>  A list in any known format, or a compiled one, instead of the configured ones
      -h, --help         Print help
    ");
    insta::assert_snapshot!(own_help("inspect"), @r#"
    Run one stage alone: JSON lines in, JSON lines out

    Usage: linkgate inspect [OPTIONS] <STAGE>

    Arguments:
      <STAGE>
              Which stage

              Possible values:
              - links:       Text → links
              - canonical:   Link → canonical URL
              - expressions: URL → expressions and their hashes
              - suffix:      Host → registrable domain and public suffix
              - list:        Content of a list → entries
              - guard:       Entry or update of a list → whether it goes live by itself

    Options:
      -h, --help
              Print help (see a summary with '-h')

    A line is {"id":…,"input":…,"options":{…}}; its answer repeats the id. Try:
      echo '{"id":1,"input":"listed[.]example"}' | linkgate inspect links
    "#);
}

#[test]
fn help_of_lists() {
    insta::assert_snapshot!(own_help("lists"), @"
    Fetch, compare, approve and take back versions of lists, compile lists, or show their state

    Usage: linkgate lists [OPTIONS] <COMMAND>

    Commands:
      compile   Compile lists into one file that opens in milliseconds
      status    Show the configured lists, or those given: scopes, age, what is wrong with them
      fetch     Ask the sources of lists now, and take what passes the guards
      diff      Show by the ids of entries what a version of a list has and another has not
      preview   Show what the version that waits would newly match
      approve   Let the version that waits answer, or an entry that is held back
      refuse    Refuse the version that waits, so that it is not taken again; or hold an entry back
                again that was approved
      changes   Show when other entries answered than before, one JSON object a line
      export    Write a version as a compiled list, for `rescan --only-new` and other machines with the
                same key
      rollback  Go back to an earlier version
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help
    ");
    insta::assert_snapshot!(own_help("lists compile"), @"
    Compile lists into one file that opens in milliseconds

    Usage: linkgate lists compile [OPTIONS] --out <FILE> <SRC>...

    Arguments:
      <SRC>...  Lists in any known format; `format:path` names the format

    Options:
          --out <FILE>  Where to put the compiled list
          --explain     Tell for each source what was taken, refused and why, by counts and line numbers
      -h, --help        Print help
    ");
    insta::assert_snapshot!(own_help("lists status"), @"
    Show the configured lists, or those given: scopes, age, what is wrong with them

    Usage: linkgate lists status [OPTIONS]

    Options:
          --json         Print JSON
          --explain      Tell for each text list what was taken, refused and why, by counts and line
                         numbers
          --lists <SRC>  A list in any known format, or a compiled one, instead of the configured ones
      -h, --help         Print help
    ");
}

#[test]
fn help_of_overrides() {
    insta::assert_snapshot!(own_help("override"), @"
    The operator's own rulings on links

    Usage: linkgate override [OPTIONS] <COMMAND>

    Commands:
      add      Add a ruling
      list     Show the rulings that are kept, by their ids and never by their values
      approve  Approve a ruling as the second person, so that it also says something of grave entries
      remove   Remove the rulings on a value
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help
    ");
    insta::assert_snapshot!(own_help("override add"), @"
    Add a ruling

    Usage: linkgate override add [OPTIONS] --scope <SCOPE> --action <ACTION> --reason <REASON> --author <AUTHOR> <VALUE>

    Arguments:
      <VALUE>  A host, URL, address, network, label or hash, by scope

    Options:
          --scope <SCOPE>    domain, host, subdomains, url, url_prefix, label, ip, cidr, sha256 or
                             md5_url
          --action <ACTION>  allow, flag, hold or reject
          --reason <REASON>  Why
          --author <AUTHOR>  Who decides
          --expires <DAY>    Its last day, which counts to its end in UTC, as 2027-01-31; or the moment
                             it ends, as 2027-01-31T12:00:00Z. Required below reject, at most 90 days
                             from now
      -h, --help             Print help
    ");
    insta::assert_snapshot!(own_help("override list"), @"
    Show the rulings that are kept, by their ids and never by their values

    Usage: linkgate override list [OPTIONS]

    Options:
          --json  Print JSON
      -h, --help  Print help
    ");
    insta::assert_snapshot!(own_help("override remove"), @"
    Remove the rulings on a value

    Usage: linkgate override remove [OPTIONS] --author <NAME> --reason <TEXT> <VALUE>

    Arguments:
      <VALUE>  The value in any spelling, or the id that `override list` shows

    Options:
          --scope <SCOPE>  Only the ruling of this scope
          --author <NAME>  Who decides
          --reason <TEXT>  Why
      -h, --help           Print help
    ");
}

#[test]
fn help_of_the_rest() {
    insta::assert_snapshot!(own_help("config"), @"
    Show the configuration

    Usage: linkgate config [OPTIONS] [WHAT]

    Arguments:
      [WHAT]
              What of it

              Possible values:
              - show:    Each value and where it comes from
              - check:   Whether it can be used
              - default: The default file, with comments
              
              [default: show]

    Options:
      -h, --help
              Print help (see a summary with '-h')
    ");
    insta::assert_snapshot!(own_help("completions"), @"
    Print completions for a shell: `linkgate completions bash`

    Usage: linkgate completions [OPTIONS] <SHELL>

    Arguments:
      <SHELL>  Which shell [possible values: bash, elvish, fish, powershell, zsh]

    Options:
      -h, --help  Print help
    ");
    insta::assert_snapshot!(own_help("man"), @"
    Print the manual page: linkgate man | man -l -

    Usage: linkgate man [OPTIONS]

    Options:
      -h, --help  Print help
    ");
}
