//! Lists at a real nginx: known again, packed on the way, redirected, for those alone who may have them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use linkgate::fetch::{
    ClientError, DownloadError, DownloadOptions, Downloaded, Downloader, Identity, Token, Validators,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::Home;
use crate::serve::free_port;
use crate::serve::nginx::Nginx;

use super::{BODY_MAX_BYTES, at, body, options, runtime};

pub(super) const LIST: &str = "listed.example\nother.example\n";
const TOKEN: &str = "s3cret";

const CONFIG: &str = r#"
worker_processes 1; daemon off; pid @DIR@/pid; error_log @DIR@/error.log warn; @USER@
events { worker_connections 512; }
http {
  client_body_temp_path @DIR@/b; proxy_temp_path @DIR@/p; fastcgi_temp_path @DIR@/f; uwsgi_temp_path @DIR@/u;
  scgi_temp_path @DIR@/s; access_log off; types { text/plain txt; }
  server { listen 127.0.0.1:@PORT@; root @HOME@;
    location /moved { return 301 https://127.0.0.1:@TLS@/list.txt; }
    location /again { return 302 /list.txt; }
    location /nowhere { return 304; }
  }
  server { listen 127.0.0.1:@TLS@ ssl; listen 127.0.0.2:@TLS@ ssl; root @HOME@;
    ssl_certificate @HOME@/server.pem; ssl_certificate_key @HOME@/server.key;
    ssl_client_certificate @HOME@/authority.pem; ssl_verify_client optional;
    location /fresh/ { alias @HOME@/; expires 600s; }
    location /packed/ { alias @HOME@/; gzip on; gzip_min_length 1; gzip_types text/plain; }
    location /down { return 302 http://127.0.0.1:@PORT@/list.txt; }
    location /inner { return 302 https://10.0.0.1:@TLS@/list.txt; }
    location /port { return 302 https://127.0.0.1:@PORT@/list.txt; }
    location /mail { return 302 mailto:a@b.example; }
    location /other { return 302 https://127.0.0.2:@TLS@/who; }
    location /round { return 302 https://127.0.0.2:@TLS@/back; }
    location /back { return 302 https://127.0.0.1:@TLS@/who; }
    location /here { return 302 /who; }
    location /who { return 200 "$ssl_client_verify $http_authorization"; }
    location /members { if ($ssl_client_verify != SUCCESS) { return 403; } return 200 "in"; }
    location /club/ { if ($ssl_client_verify != SUCCESS) { return 403; } alias @HOME@/; }
    location /paid/ { if ($http_authorization != "Bearer s3cret") { return 401; } alias @HOME@/; }
    location /busy { add_header Retry-After 7 always; return 429; }
    location /shut { return 503; }
    @HOPS@
  }
}
"#;

/// An nginx with certificates, and files to give.
pub(crate) struct Served {
    home: Home,
    nginx: Nginx,
    pub(crate) tls: u16,
}

impl Served {
    pub(crate) fn start() -> Self {
        let (home, tls) = (Home::new(), free_port());
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With the name that all have by default, others seem to be signed by themselves.
        params.distinguished_name.push(DnType::CommonName, "authority");
        home.file("authority.pem", params.self_signed(&key).unwrap().pem());
        let issuer = Issuer::new(params, key);
        for (name, names) in [
            ("server", vec!["127.0.0.1".into(), "127.0.0.2".into(), "mirror.example".into(), "mirror.internal".into()]),
            ("client", vec!["us.test".into()]),
        ] {
            let key = KeyPair::generate().unwrap();
            let signed = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
            home.file(&format!("{name}.pem"), signed.pem());
            home.file(&format!("{name}.key"), key.serialize_pem());
        }
        home.file("list.txt", LIST);
        home.file("list.txt.sha256", "of the list");
        let hops: Vec<String> =
            (0..6).map(|at| format!("location = /hop/{at} {{ return 302 /hop/{}; }} ", at + 1)).collect();
        let config = CONFIG
            .replace("@HOME@", home.path().to_str().unwrap())
            .replace("@TLS@", &tls.to_string())
            .replace("@HOPS@", &(hops.concat() + "location = /hop/6 { return 200 end; }"));
        Self { nginx: Nginx::with(&config), home, tls }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn plain(&self, path: &str) -> DownloadOptions {
        at(self.nginx.address, path)
    }

    fn encrypted(&self, path: &str) -> DownloadOptions {
        let mut options = options(&format!("https://127.0.0.1:{}{path}", self.tls));
        options.reach.ca_file = Some(self.file("authority.pem"));
        options
    }

    fn identity(&self) -> Identity {
        Identity { certificate_file: self.file("client.pem"), key_file: self.file("client.key") }
    }
}

fn text(path: &str, body: Result<Vec<u8>, &'static str>) -> Result<String, String> {
    body.map(|bytes| String::from_utf8(bytes).unwrap()).map_err(|code| format!("{path}: {code}"))
}

#[test]
fn what_is_known_is_not_sent_again() {
    let served = Served::start();
    runtime().block_on(async {
        for options in [served.plain("/list.txt"), served.encrypted("/fresh/list.txt")] {
            let is_fresh = options.url.is_encrypted();
            let expected = is_fresh.then_some(Duration::from_mins(10));
            let downloader = Downloader::new(options).unwrap();
            let first = downloader.get(&Validators::default()).await.unwrap();
            let Downloaded::Body { bytes, validators, fresh_for } = first else { panic!("{first:?}") };
            assert_eq!((bytes, fresh_for), (LIST.into(), expected));
            assert!(validators.etag.is_some() && validators.last_modified.is_some());
            let again = downloader.get(&validators).await.unwrap();
            assert_eq!(again, Downloaded::Unchanged { fresh_for: expected, validators: validators.clone() });
            let by_time = Validators { etag: None, ..validators.clone() };
            assert_eq!(downloader.get(&by_time).await.unwrap(), again);
            let longer = format!("{LIST}third.example\n");
            served.home.file("list.txt", &longer);
            let changed = downloader.get(&validators).await.unwrap();
            assert!(matches!(&changed, Downloaded::Body { bytes, .. } if *bytes == longer.as_bytes()), "{changed:?}");
            served.home.file("list.txt", LIST);
        }
        for (bounds, expected_mins) in [((1, 5), 5), ((15, 20), 15), ((1, 20), 10)] {
            let fresh = Duration::from_mins(bounds.0)..=Duration::from_mins(bounds.1);
            let options = DownloadOptions { fresh, ..served.encrypted("/fresh/list.txt") };
            let got = Downloader::new(options).unwrap().get(&Validators::default()).await.unwrap();
            let Downloaded::Body { fresh_for, .. } = got else { panic!("{got:?}") };
            assert_eq!(fresh_for, Some(Duration::from_mins(expected_mins)), "{bounds:?}");
        }
        // Nothing was known, and nothing changed since.
        let unasked = Downloader::new(served.plain("/nowhere")).unwrap().get(&Validators::default()).await;
        assert_eq!(unasked.unwrap_err(), DownloadError::NotModifiedUnasked);
    });
}

#[test]
fn redirects_lead_to_encrypted_places_only_and_not_far() {
    let served = Served::start();
    runtime().block_on(async {
        let trusting = |mut options: DownloadOptions| {
            options.reach.ca_file = Some(served.file("authority.pem"));
            options
        };
        // From 80 to its twin, as many do; here the ports are odd, and only the one that is named is asked.
        assert_eq!(body(trusting(served.plain("/moved"))).await, Err("refused_port"));
        assert_eq!(body(served.plain("/again")).await, Err("redirect_downgrade"));
        for (path, expected) in [
            ("/hop/1", Ok("end")),
            ("/hop/0", Err("redirect_too_many")),
            ("/down", Err("redirect_downgrade")),
            ("/inner", Err("refused_address")),
            ("/port", Err("refused_port")),
            ("/mail", Err("redirect_unusable")),
        ] {
            let got = body(served.encrypted(path)).await;
            assert_eq!(got.as_deref().map_err(|code| *code), expected.map(str::as_bytes), "{path}");
        }
    });
}

#[test]
fn secrets_are_shown_to_whom_they_are_for() {
    let served = Served::start();
    let token = Some(Token::parse(TOKEN).unwrap());
    runtime().block_on(async {
        for (path, expected) in [
            ("/who", "SUCCESS Bearer s3cret"),
            ("/here", "SUCCESS Bearer s3cret"),
            ("/other", "NONE "),
            ("/round", "NONE "),
        ] {
            let mut options = DownloadOptions { token: token.clone(), ..served.encrypted(path) };
            options.reach.identity = Some(served.identity());
            assert!(!format!("{options:?}").contains(TOKEN));
            assert_eq!(text(path, body(options).await).as_deref(), Ok(expected), "{path}");
        }
        let mut member = served.encrypted("/members");
        assert_eq!(body(member.clone()).await, Err("status"));
        member.reach.identity = Some(served.identity());
        assert_eq!(body(member).await, Ok(b"in".into()));
        let in_clear = Downloader::new(DownloadOptions { token, ..served.plain("/who") });
        assert!(matches!(in_clear.err(), Some(ClientError::TokenInClear)));
    });
}

#[test]
fn whoever_is_not_known_is_not_trusted() {
    let served = Served::start();
    runtime().block_on(async {
        let mut stranger = served.encrypted("/list.txt");
        stranger.reach.ca_file = None;
        assert_eq!(body(stranger).await, Err("tls"));
        let plain = served.nginx.address.port();
        let mut no_tls = options(&format!("https://127.0.0.1:{plain}/list.txt"));
        no_tls.reach.ca_file = Some(served.file("authority.pem"));
        assert_eq!(body(no_tls).await, Err("tls"));
        let mut inner = served.plain("/list.txt");
        inner.reach.allow_nets.clear();
        assert_eq!(body(inner).await, Err("refused_address"));
        assert_eq!(body(options(&format!("http://127.0.0.1:{}/", free_port()))).await, Err("connect"));
        let with = |key: &Path| {
            let mut options = served.encrypted("/list.txt");
            let identity = Identity { key_file: key.to_owned(), ..served.identity() };
            options.reach.identity = Some(identity);
            Downloader::new(options)
        };
        for key in ["server.key", "list.txt", "none"] {
            assert!(matches!(with(&served.file(key)).err(), Some(ClientError::Identity { .. })), "{key}");
        }
    });
}

#[test]
fn answers_without_a_list() {
    let served = Served::start();
    runtime().block_on(async {
        let get = |options| async { Downloader::new(options).unwrap().get(&Validators::default()).await.unwrap_err() };
        let busy = get(served.encrypted("/busy")).await;
        assert_eq!((busy.code(), busy.retry_after()), ("retry_later", Some(Duration::from_secs(7))));
        let shut = get(served.encrypted("/shut")).await;
        assert_eq!((shut.code(), shut.retry_after()), ("retry_later", None));
        assert_eq!(get(served.plain("/none.txt")).await, DownloadError::Status(404));
        let downloader = Downloader::new(served.plain("/list.txt")).unwrap();
        assert_eq!(downloader.beside(".sha256").await, Ok(Some(b"of the list".into())));
        assert_eq!(downloader.beside(".minisig").await, Ok(None));
        // The limit is of files beside lists, which are small.
        served.home.file("list.txt.minisig", vec![b'a'; (64 << 10) + 1]);
        assert_eq!(downloader.beside(".minisig").await, Err(DownloadError::TooLarge { bytes_max: 64 << 10 }));
    });
}

/// A list of that many bytes whose lines differ.
fn long_list(bytes: usize) -> String {
    let mut list = (0..bytes / 10).map(|at| format!("h{at}.example\n")).collect::<Vec<_>>().concat();
    list.truncate(bytes);
    list
}

#[test]
fn long_lists_take_little_more_memory_than_they_are_long() {
    let served = Served::start();
    let most = usize::try_from(BODY_MAX_BYTES).unwrap();
    for (bytes, expected) in [(most, None), (most + 1, Some("too_large"))] {
        served.home.file("list.txt", long_list(bytes));
        for path in ["/list.txt", "/packed/list.txt"] {
            let mut got = Ok(Vec::new());
            let used = allocation_counter::measure(|| got = runtime().block_on(body(served.encrypted(path))));
            assert_eq!(got.as_ref().err().copied(), expected, "{path} {bytes}");
            assert!(expected.is_some() || got.unwrap() == long_list(bytes).as_bytes(), "{path}");
            assert!(used.bytes_max < 2 * BODY_MAX_BYTES + (64 << 20), "{path}: {}", used.bytes_max);
        }
    }
}
