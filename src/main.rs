//! The `linkgate` command: everything it does lives in the library.

fn main() -> std::process::ExitCode {
    linkgate::cli::run()
}
