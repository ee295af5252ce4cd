//! A scripted internet on this machine: every name below `.test` is here, and each place does what it is told to.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Name server and web server of all hosts; both end with the program.
pub(super) struct Web {
    pub(super) dns: SocketAddr,
    port: u16,
    town: Arc<Town>,
}

#[derive(Default)]
struct Town {
    /// By `host/path`, or `host/*` for all of a host.
    places: Mutex<HashMap<String, Place>>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
}

/// What a place does.
#[derive(Debug, Clone, Default)]
struct Place {
    wait: Duration,
    /// Where it leads, if anywhere.
    to: Option<String>,
    /// The same for whoever says to be a browser, if that is something else.
    browsers_to: Option<String>,
    /// The same for whoever asks for the head alone.
    heads_to: Option<String>,
    /// The page it shows, with its content type.
    page: Option<(String, Vec<u8>)>,
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) host: String,
    pub(super) agent: String,
}

const CONNECTIONS_MAX: usize = 1_000;
const LINES_MAX: usize = 100;
/// Longer than anybody waits.
pub(super) const FOR_EVER: Duration = Duration::from_mins(1);

impl Web {
    pub(super) fn start() -> Self {
        let town = Arc::<Town>::default();
        let names = UdpSocket::bind("127.0.0.1:0").unwrap();
        let dns = names.local_addr().unwrap();
        thread::spawn(move || tell_names(&names));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = Arc::clone(&town);
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let town = Arc::clone(&served);
                if town.connections.fetch_add(1, Ordering::Relaxed) < CONNECTIONS_MAX {
                    thread::spawn(move || {
                        town.converse(connection);
                        town.connections.fetch_sub(1, Ordering::Relaxed);
                    });
                } else {
                    town.connections.fetch_sub(1, Ordering::Relaxed);
                }
            }
        });
        Self { dns, port, town }
    }

    /// The URL of `host/path`.
    pub(super) fn url(&self, place: &str) -> String {
        let (host, path) = place.split_once('/').unwrap();
        format!("http://{host}:{}/{path}", self.port)
    }

    /// Each of these places leads to the next one.
    pub(super) fn chain(&self, places: &[&str]) {
        for pair in places.windows(2) {
            self.slow(pair[0], Duration::ZERO, pair[1]);
        }
    }

    /// A place that takes a while to say where it leads.
    pub(super) fn slow(&self, from: &str, wait: Duration, to: &str) {
        self.put(from, Place { wait, to: Some(self.url(to)), ..Place::default() });
    }

    /// A place that leads browsers elsewhere than others, whom it may lead nowhere.
    pub(super) fn hides(&self, from: &str, to: Option<&str>, browsers_to: &str) {
        let to = to.map(|to| self.url(to));
        self.put(from, Place { to, browsers_to: Some(self.url(browsers_to)), ..Place::default() });
    }

    /// A place that tells who asks for the head alone another way than who asks for the page.
    pub(super) fn lies_to_heads(&self, from: &str, to: &str, heads_to: &str) {
        self.put(from, Place { to: Some(self.url(to)), heads_to: Some(self.url(heads_to)), ..Place::default() });
    }

    /// A place that shows a page.
    pub(super) fn page(&self, at: &str, content_type: &str, page: &[u8]) {
        self.put(at, Place { page: Some((content_type.into(), page.into())), ..Place::default() });
    }

    fn put(&self, from: &str, place: Place) {
        self.town.places.lock().unwrap().insert(from.to_owned(), place);
    }

    /// Requests that a host got.
    pub(super) fn asked(&self, host: &str) -> Vec<Asked> {
        self.town.asked.lock().unwrap().iter().filter(|asked| asked.host == host).cloned().collect()
    }

    /// How many requests each of these hosts got.
    pub(super) fn counts<const N: usize>(&self, hosts: [&str; N]) -> [usize; N] {
        hosts.map(|host| self.asked(host).len())
    }
}

impl Town {
    fn converse(&self, connection: TcpStream) {
        connection.set_read_timeout(Some(FOR_EVER)).unwrap();
        let mut out = connection.try_clone().unwrap();
        let mut lines = BufReader::new(connection);
        while let Some((method, place, agent)) = request(&mut lines) {
            let host = place.split('/').next().unwrap().to_owned();
            self.asked.lock().unwrap().push(Asked { host: host.clone(), agent: agent.clone() });
            let known = {
                let places = self.places.lock().unwrap();
                places.get(&place).or_else(|| places.get(&format!("{host}/*"))).cloned()
            };
            let Place { wait, to, browsers_to, heads_to, page } = known.unwrap_or_default();
            thread::sleep(wait);
            let to = browsers_to.filter(|_| agent.starts_with("Mozilla")).or(to);
            let to = heads_to.filter(|_| method == "HEAD").or(to);
            let (content_type, page) = page.unwrap_or_else(|| ("text/plain".into(), b"hello".into()));
            let answer = match to {
                Some(to) => format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"),
                None => {
                    format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n", page.len())
                }
            };
            let has_page = answer.starts_with("HTTP/1.1 200") && method != "HEAD";
            if out.write_all(&[answer.as_bytes(), if has_page { &page } else { &[] }].concat()).is_err() {
                return;
            }
        }
    }
}

/// Method, `host/path` and user agent of the next request.
fn request(from: &mut impl BufRead) -> Option<(String, String, String)> {
    let mut lines = Vec::new();
    while lines.len() < LINES_MAX {
        let mut line = String::new();
        from.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let field = |name: &str| {
        let fields = lines.iter().filter_map(|line| line.split_once(": "));
        fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    };
    let mut words = lines.first()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?);
    let host = field("host")?;
    let place = format!("{}{path}", host.split(':').next()?);
    Some((method, place, field("user-agent").unwrap_or_default()))
}

/// Answers for ever: names below `.test` have this machine's address, others are nobody's.
fn tell_names(socket: &UdpSocket) {
    let mut packet = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut packet) {
        if let Some(answer) = named(&packet[..length]) {
            let _ = socket.send_to(&answer, from);
        }
    }
}

/// The answer to a query (RFC 1035, section 4.1) for one name.
fn named(query: &[u8]) -> Option<Vec<u8>> {
    let mut end = 12;
    let mut labels = Vec::new();
    while let length @ 1.. = usize::from(*query.get(end)?) {
        labels.push(query.get(end + 1..=end + length)?.to_ascii_lowercase());
        end += length + 1;
    }
    let question = query.get(12..end + 5)?;
    let (is_here, is_ipv4) = (labels.last()? == b"test", question[question.len() - 4..][..2] == [0, 1]);
    let code = if is_here { 0x80 } else { 0x83 };
    let count = u8::from(is_here && is_ipv4);
    let mut answer = [&query[..2], &[0x81, code, 0, 1, 0, count, 0, 0, 0, 0], question].concat();
    if count == 1 {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some(answer)
}
