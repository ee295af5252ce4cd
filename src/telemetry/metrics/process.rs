//! Figures of the process itself, under the names that Prometheus clients of all languages use.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// The unit of processor time in `/proc`: Linux tells it to programs in hundredths on every platform that Rust has.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Process));
    registry
}

/// Reads `/proc` whenever figures are asked for; what it does not find is left out.
#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Some(stat) = Stat::read() else { return Ok(()) };
        let mut add = |name: &str, help: &str, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        add("process_cpu_seconds", "Processor time of user and system.", &ConstCounter::new(stat.cpu_seconds))?;
        add("process_threads", "Threads.", &ConstGauge::new(stat.threads))?;
        add("process_virtual_memory_bytes", "Virtual memory.", &ConstGauge::new(stat.virtual_bytes))?;
        if let Some(boot) = number_after("/proc/stat", "btime ") {
            let started = boot as f64 + stat.started_seconds;
            add("process_start_time_seconds", "When the process began.", &ConstGauge::new(started))?;
        }
        if let Some(kilobytes) = number_after("/proc/self/status", "VmRSS:") {
            let bytes = kilobytes.saturating_mul(1 << 10);
            add("process_resident_memory_bytes", "Resident memory.", &ConstGauge::new(bytes))?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // Looking takes one itself.
            let open = open.count().saturating_sub(1) as u64;
            add("process_open_fds", "Open file descriptors.", &ConstGauge::new(open))?;
        }
        if let Some(max) = number_after("/proc/self/limits", "Max open files") {
            add("process_max_fds", "File descriptors that may be open.", &ConstGauge::new(max))?;
        }
        Ok(())
    }
}

/// What `/proc/self/stat` tells.
struct Stat {
    cpu_seconds: f64,
    threads: u64,
    /// Since the machine began.
    started_seconds: f64,
    virtual_bytes: u64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// The name of the process stands second, in brackets, and may have spaces and brackets itself.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        // `proc_pid_stat(5)` counts from 1, and two fields stand before the bracket.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) as f64 / TICKS_PER_SECOND,
            threads: field(20)?,
            started_seconds: field(22)? as f64 / TICKS_PER_SECOND,
            virtual_bytes: field(23)?,
        })
    }
}

/// The first number behind that start of a line.
fn number_after(path: &str, start: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(start))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_of_processes_do_not_move_the_fields() {
        let rest = "S 1 1 1 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 7 0 12345 1048576 300";
        for name in ["linkgate", "a b", "a) (b", ")"] {
            let stat = Stat::parse(&format!("42 ({name}) {rest}")).unwrap();
            assert_eq!((stat.threads, stat.virtual_bytes), (7, 1 << 20), "{name}");
            assert_eq!(format!("{} {}", stat.cpu_seconds, stat.started_seconds), "3 123.45", "{name}");
        }
        assert!(Stat::parse("42 (linkgate) S 1").is_none());
        assert!(Stat::parse("").is_none());
    }
}
