//! `config`: where values come from, and what is said of wrong ones.

use super::{json, session};
use crate::Home;

#[test]
fn a_generation_rises_with_overrides_policy_and_how_lists_are_read() {
    let home = Home::new();
    let list = home.file("own.txt", "blocked.test\n");
    let write = |more: &str| {
        home.file("g.toml", format!("{more}\n[[lists]]\nname = \"own\"\npath = {:?}\n", list.to_str().unwrap()))
    };
    let config = write("");
    let config = config.to_str().unwrap();
    let generation =
        || json(&home.run(&["--config", config, "check", "--json", "x"]).stdout)["generation"].as_u64().unwrap();
    assert_eq!(generation(), 1);
    assert_eq!(
        home.run(&[
            "override",
            "add",
            "x.example",
            "--scope",
            "domain",
            "--action",
            "reject",
            "--reason",
            "r",
            "--author",
            "a"
        ])
        .code,
        0
    );
    assert_eq!((generation(), generation()), (2, 2));
    write("[policy.category]\ncsam = \"hold\"");
    assert_eq!(generation(), 3);
    write("[extract]\nlinks_max = 10");
    assert_eq!(generation(), 4);
}

#[test]
fn a_table_that_is_no_table_is_not_quoted() {
    let home = Home::new();
    let list = home.file("own.txt", "secret.test\n");
    let config = home.file("t.toml", format!("[tables]\nwrappers = {:?}\n", list.to_str().unwrap()));
    let ran = home.run(&["--config", config.to_str().unwrap(), "check", "x"]);
    assert!(ran.code == 2 && ran.stderr.contains("wrappers") && !ran.stderr.contains("secret"), "{}", ran.stderr);
}

#[test]
fn configuration_errors_name_file_and_nearest_key() {
    let home = Home::new();
    let bad = home.file("bad.toml", "[policy]\nmin_confidense = 3\n");
    let ran = home.run(&["--config", bad.to_str().unwrap(), "check", "x"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("bad.toml")
            && ran.stderr.contains("min_confidense")
            && ran.stderr.contains("`policy.min_confidence`"),
        "{}",
        ran.stderr
    );
    let mut command = home.command(&["config", "show"]);
    command.env("LINKGATE_POLICY_MIN_CONFIDENCE", "70");
    let shown = crate::finish(command, b"").stdout;
    assert!(shown.contains("policy.min_confidence = 70  # LINKGATE_POLICY_MIN_CONFIDENCE"), "{shown}");
    let mut command = home.command(&["check", "x"]);
    command.env("LINKGATE_POLICY_MIN_CONFIDENC", "70");
    assert!(crate::finish(command, b"").stderr.contains("LINKGATE_POLICY_MIN_CONFIDENCE"));
    for (text, named) in [
        ("[[lists]]\nname = \"a\"\npth = \"x\"\n", "`lists[1].pth`; did you mean `lists[1].path`?"),
        ("[policy.category]\ncsam = \"nuke\"\n", "`policy.category.csam`"),
        ("[policy]\ncsam = \"hold\"\n", "`policy.category.csam`"),
        ("[policy]\nmin_confidence = 101\n", "`policy.min_confidence`"),
        ("[extract]\nlinks_max = 0\n", "`extract.links_max`"),
    ] {
        let file = home.file("one.toml", text);
        let ran = home.run(&["--config", file.to_str().unwrap(), "check", "x"]);
        assert!(ran.code == 2 && ran.stderr.contains(named), "{text}: {}", ran.stderr);
    }
    let wrong = home.file("wrong.toml", "[policy]\nmin_confidence = \"secret.example\"\n");
    let ran = home.run(&["--config", wrong.to_str().unwrap(), "check", "x"]);
    assert!(ran.code == 2 && !ran.stderr.contains("secret.example"), "{}", ran.stderr);
}

#[test]
fn the_configuration_as_people_read_it() {
    let home = Home::new();
    let list = home.file("own.txt", "blocked.test\n");
    let text = format!(
        "[policy]\nmin_confidence = 70\n[[lists]]\nname = \"own\"\npath = {list:?}\n[[overrides]]\nvalue = \"a.example\"\nscope = \"domain\"\naction = \"reject\"\nreason = \"r\"\nauthor = \"a\"\nexpires = \"2099-12-31\"\n"
    );
    let config = home.file("c.toml", text);
    let config = config.to_str().unwrap();
    insta::assert_snapshot!(session(&home, &[&["--config", config, "config", "show"], &["--config", config, "config", "check"], &["config", "check"]]), @r#"
    $ linkgate --config DIR/c.toml config show
    state.dir = (unset)  # default
    state.key_file = (unset)  # default
    extract.links_max = 200  # default
    extract.candidates_max = 1000  # default
    policy.min_confidence = 70  # DIR/c.toml
    policy.not_canonical = "flag"  # default
    policy.too_many_links = "reject"  # default
    policy.prefix_unconfirmed = "flag"  # default
    policy.redirect_unfinished = "flag"  # default
    policy.limit = "reject"  # default
    policy.category.csam = "reject"  # default
    policy.category.csam_advertising = "reject"  # default
    policy.category.invite_pyramid = "reject"  # default
    policy.category.exploitation = "reject"  # default
    policy.category.malware = "hold"  # default
    policy.category.phishing = "hold"  # default
    policy.category.spam = "flag"  # default
    policy.category.test = "reject"  # default
    policy.category.other = "flag"  # default
    policy.min_sources.csam = 1  # default
    policy.min_sources.csam_advertising = 1  # default
    policy.min_sources.invite_pyramid = 1  # default
    policy.min_sources.exploitation = 1  # default
    policy.min_sources.malware = 1  # default
    policy.min_sources.phishing = 1  # default
    policy.min_sources.spam = 1  # default
    policy.min_sources.test = 1  # default
    policy.min_sources.other = 1  # default
    tables.wrappers = (unset)  # default
    tables.aliases = (unset)  # default
    tables.tracking = (unset)  # default
    tables.suffixes = (unset)  # default
    tables.shorteners = (unset)  # default
    serve.listen = "127.0.0.1:8080"  # default
    serve.threads = 0  # default
    serve.watch_ms = 2000  # default
    serve.self_test_s = 3600  # default
    serve.self_test_cert_file = (unset)  # default
    serve.self_test_key_file = (unset)  # default
    serve.self_test_api_key_file = (unset)  # default
    serve.limits.connections_max = 20000  # default
    serve.limits.streams_max = 100  # default
    serve.limits.head_max_bytes = 32768  # default
    serve.limits.head_timeout_ms = 10000  # default
    serve.limits.body_max_bytes = 1048576  # default
    serve.limits.body_grace_ms = 5000  # default
    serve.limits.body_min_bytes_per_s = 1000  # default
    serve.limits.write_timeout_ms = 30000  # default
    serve.limits.posts_max = 256  # default
    serve.limits.threat_entries_max = 500  # default
    serve.limits.explain_url_max_chars = 8192  # default
    serve.limits.check_wait_ms = 1000  # default
    serve.limits.idle_grace_ms = 1000  # default
    serve.limits.grace_ms = 20000  # default
    serve.limits.successor_timeout_ms = 60000  # default
    tls.cert_file = (unset)  # default
    tls.key_file = (unset)  # default
    tls.client_ca_file = (unset)  # default
    tls.client_auth = "required"  # default
    api.hosts = []  # default
    api.uris_search = false  # default
    api.deadline_ms = 200  # default
    proxy.listen = (unset)  # default
    proxy.upstream = (unset)  # default
    proxy.platform = "generic"  # default
    proxy.on_system_failure = "closed"  # default
    proxy.refusals_per_day = 20  # default
    proxy.network_refusals_per_day = 200  # default
    proxy.html = []  # default
    proxy.markdown = []  # default
    proxy.links = []  # default
    proxy.pass = []  # default
    proxy.uploads = []  # default
    proxy.upgrades = []  # default
    proxy.forms = []  # default
    proxy.pass_imports = false  # default
    proxy.trusted_proxies = []  # default
    proxy.deadline_ms = 200  # default
    proxy.upstream_timeout_ms = 60000  # default
    proxy.upstream_idle_ms = 4000  # default
    proxy.upstream_connections_max = 1000  # default
    proxy.on_failure.no_index = (unset)  # default
    proxy.on_failure.overload = (unset)  # default
    proxy.on_failure.internal = (unset)  # default
    proxy.refusal.status = (unset)  # default
    proxy.refusal.content_type = (unset)  # default
    proxy.refusal.template = (unset)  # default
    telemetry.log = "info"  # default
    telemetry.listen = (unset)  # default
    telemetry.allow_remote = false  # default
    telemetry.otlp_endpoint = (unset)  # default
    telemetry.otlp_ratio = 0.01  # default
    fetch.follow = "known"  # default
    fetch.hops_max = 10  # default
    fetch.request_timeout_ms = 5000  # default
    fetch.chain_timeout_ms = 20000  # default
    fetch.page_max_bytes = 524288  # default
    fetch.requests_max = 256  # default
    fetch.requests_per_s = 0  # default
    fetch.chains_max = 20000  # default
    fetch.host_requests_max = 16  # default
    fetch.host_failures_max = 5  # default
    fetch.host_pause_ms = 30000  # default
    fetch.attempts_max = 6  # default
    fetch.second_look_share = 0.01  # default
    fetch.second_look_after_ms = 60000  # default
    fetch.ports = [80, 443]  # default
    fetch.resolvers = []  # default
    fetch.proxy = (unset)  # default
    fetch.ca_file = (unset)  # default
    fetch.user_agent = "linkgate/VERSION"  # default
    cache.hops_max = 100000  # default
    cache.trails_max = 100000  # default
    cache.min_s = 60  # default
    cache.max_s = 86400  # default
    cache.redirect_s = 3600  # default
    cache.negative_s = 120  # default
    cache.redis_url_file = (unset)  # default
    webhook.url = ""  # default
    webhook.secret_file = (unset)  # default
    webhook.ca_file = (unset)  # default
    webhook.timeout_ms = 10000  # default
    guards.protect = []  # default
    guards.growth_max_share = 0.3  # default
    guards.shrink_max_share = 0.3  # default
    guards.bad_lines_max_share = 0.01  # default
    guards.newly_matched_max_share = 0.001  # default
    guards.sample_links = 10000  # default
    lists.own.approvers = 1  # DIR/c.toml
    lists.own.bytes_max = 1073741824  # DIR/c.toml
    lists.own.default_category = "csam"  # DIR/c.toml
    lists.own.label_private = false  # DIR/c.toml
    lists.own.mode = "enforce"  # DIR/c.toml
    lists.own.name = "own"  # DIR/c.toml
    lists.own.path = "DIR/own.txt"  # DIR/c.toml
    lists.own.poll_s = 43200  # DIR/c.toml
    lists.own.required = true  # DIR/c.toml
    lists.own.rollout_share = 1.0  # DIR/c.toml
    lists.own.sha256 = false  # DIR/c.toml
    overrides = 1 in the file  # DIR/c.toml
    [0]
    $ linkgate --config DIR/c.toml config check
    the configuration can be used: 1 list, 1 override
    [0]
    $ linkgate config check
    the configuration can be used: 1 list, 0 overrides
    [0]
    "#);
    assert!(!home.path().join("state").exists(), "to look at it writes nothing");
    insta::assert_snapshot!(session(&home, &[&["config"]]), @r#"
    $ linkgate config
    state.dir = (unset)  # default
    state.key_file = (unset)  # default
    extract.links_max = 200  # default
    extract.candidates_max = 1000  # default
    policy.min_confidence = 50  # default
    policy.not_canonical = "flag"  # default
    policy.too_many_links = "reject"  # default
    policy.prefix_unconfirmed = "flag"  # default
    policy.redirect_unfinished = "flag"  # default
    policy.limit = "reject"  # default
    policy.category.csam = "reject"  # default
    policy.category.csam_advertising = "reject"  # default
    policy.category.invite_pyramid = "reject"  # default
    policy.category.exploitation = "reject"  # default
    policy.category.malware = "hold"  # default
    policy.category.phishing = "hold"  # default
    policy.category.spam = "flag"  # default
    policy.category.test = "reject"  # default
    policy.category.other = "flag"  # default
    policy.min_sources.csam = 1  # default
    policy.min_sources.csam_advertising = 1  # default
    policy.min_sources.invite_pyramid = 1  # default
    policy.min_sources.exploitation = 1  # default
    policy.min_sources.malware = 1  # default
    policy.min_sources.phishing = 1  # default
    policy.min_sources.spam = 1  # default
    policy.min_sources.test = 1  # default
    policy.min_sources.other = 1  # default
    tables.wrappers = (unset)  # default
    tables.aliases = (unset)  # default
    tables.tracking = (unset)  # default
    tables.suffixes = (unset)  # default
    tables.shorteners = (unset)  # default
    serve.listen = "127.0.0.1:8080"  # default
    serve.threads = 0  # default
    serve.watch_ms = 2000  # default
    serve.self_test_s = 3600  # default
    serve.self_test_cert_file = (unset)  # default
    serve.self_test_key_file = (unset)  # default
    serve.self_test_api_key_file = (unset)  # default
    serve.limits.connections_max = 20000  # default
    serve.limits.streams_max = 100  # default
    serve.limits.head_max_bytes = 32768  # default
    serve.limits.head_timeout_ms = 10000  # default
    serve.limits.body_max_bytes = 1048576  # default
    serve.limits.body_grace_ms = 5000  # default
    serve.limits.body_min_bytes_per_s = 1000  # default
    serve.limits.write_timeout_ms = 30000  # default
    serve.limits.posts_max = 256  # default
    serve.limits.threat_entries_max = 500  # default
    serve.limits.explain_url_max_chars = 8192  # default
    serve.limits.check_wait_ms = 1000  # default
    serve.limits.idle_grace_ms = 1000  # default
    serve.limits.grace_ms = 20000  # default
    serve.limits.successor_timeout_ms = 60000  # default
    tls.cert_file = (unset)  # default
    tls.key_file = (unset)  # default
    tls.client_ca_file = (unset)  # default
    tls.client_auth = "required"  # default
    api.hosts = []  # default
    api.uris_search = false  # default
    api.deadline_ms = 200  # default
    proxy.listen = (unset)  # default
    proxy.upstream = (unset)  # default
    proxy.platform = "generic"  # default
    proxy.on_system_failure = "closed"  # default
    proxy.refusals_per_day = 20  # default
    proxy.network_refusals_per_day = 200  # default
    proxy.html = []  # default
    proxy.markdown = []  # default
    proxy.links = []  # default
    proxy.pass = []  # default
    proxy.uploads = []  # default
    proxy.upgrades = []  # default
    proxy.forms = []  # default
    proxy.pass_imports = false  # default
    proxy.trusted_proxies = []  # default
    proxy.deadline_ms = 200  # default
    proxy.upstream_timeout_ms = 60000  # default
    proxy.upstream_idle_ms = 4000  # default
    proxy.upstream_connections_max = 1000  # default
    proxy.on_failure.no_index = (unset)  # default
    proxy.on_failure.overload = (unset)  # default
    proxy.on_failure.internal = (unset)  # default
    proxy.refusal.status = (unset)  # default
    proxy.refusal.content_type = (unset)  # default
    proxy.refusal.template = (unset)  # default
    telemetry.log = "info"  # default
    telemetry.listen = (unset)  # default
    telemetry.allow_remote = false  # default
    telemetry.otlp_endpoint = (unset)  # default
    telemetry.otlp_ratio = 0.01  # default
    fetch.follow = "known"  # default
    fetch.hops_max = 10  # default
    fetch.request_timeout_ms = 5000  # default
    fetch.chain_timeout_ms = 20000  # default
    fetch.page_max_bytes = 524288  # default
    fetch.requests_max = 256  # default
    fetch.requests_per_s = 0  # default
    fetch.chains_max = 20000  # default
    fetch.host_requests_max = 16  # default
    fetch.host_failures_max = 5  # default
    fetch.host_pause_ms = 30000  # default
    fetch.attempts_max = 6  # default
    fetch.second_look_share = 0.01  # default
    fetch.second_look_after_ms = 60000  # default
    fetch.ports = [80, 443]  # default
    fetch.resolvers = []  # default
    fetch.proxy = (unset)  # default
    fetch.ca_file = (unset)  # default
    fetch.user_agent = "linkgate/VERSION"  # default
    cache.hops_max = 100000  # default
    cache.trails_max = 100000  # default
    cache.min_s = 60  # default
    cache.max_s = 86400  # default
    cache.redirect_s = 3600  # default
    cache.negative_s = 120  # default
    cache.redis_url_file = (unset)  # default
    webhook.url = ""  # default
    webhook.secret_file = (unset)  # default
    webhook.ca_file = (unset)  # default
    webhook.timeout_ms = 10000  # default
    guards.protect = []  # default
    guards.growth_max_share = 0.3  # default
    guards.shrink_max_share = 0.3  # default
    guards.bad_lines_max_share = 0.01  # default
    guards.newly_matched_max_share = 0.001  # default
    guards.sample_links = 10000  # default
    [0]
    "#);
    insta::assert_snapshot!(session(&home, &[&["config", "default"]]), @r#"
    $ linkgate config default
    # linkgate.toml: every setting with its default. Remove the # to change one.

    [state]
    # Where generations, overrides and keys are kept. Default: $XDG_STATE_HOME/linkgate.
    #dir = ""
    # File with the state key, 32 bytes or 64 hex digits. Default: made in <dir>/key/.
    #key_file = ""

    [extract]
    # Links looked at in one post; more make it undetermined: too many links.
    #links_max = 200
    # Names without a scheme looked at in one post.
    #candidates_max = 1000

    [policy]
    # Entries below this confidence (0 to 100) lead to flag at most.
    #min_confidence = 50
    # A link that no parser takes for a URL: allow, flag, hold or reject.
    #not_canonical = "flag"
    # A post with more links than are looked at.
    #too_many_links = "reject"
    # Only a part of a hash matched.
    #prefix_unconfirmed = "flag"
    # A redirect was not followed to its end in time.
    #redirect_unfinished = "flag"
    # A link that carries more URLs than are looked at, or is too long.
    #limit = "reject"

    [policy.category]
    # Child sexual abuse material.
    #csam = "reject"
    # Adverts for it.
    #csam_advertising = "reject"
    # Schemes that reward spreading invitations to it.
    #invite_pyramid = "reject"
    # Sexual exploitation of children by other means.
    #exploitation = "reject"
    # Malicious software.
    #malware = "hold"
    # Phishing.
    #phishing = "hold"
    # Unwanted advertising.
    #spam = "flag"
    # Entries made to test that the way from list to verdict works.
    #test = "reject"
    # Anything else.
    #other = "flag"

    [policy.min_sources]
    # Lists that have to say so; what fewer say leads to flag at most.
    #csam = 1
    # The same for csam_advertising.
    #csam_advertising = 1
    # The same for invite_pyramid.
    #invite_pyramid = 1
    # The same for exploitation.
    #exploitation = 1
    # The same for malware.
    #malware = 1
    # The same for phishing.
    #phishing = 1
    # The same for spam.
    #spam = 1
    # The same for test.
    #test = 1
    # The same for other.
    #other = 1

    [tables]
    # File in place of the built-in table of URL wrappers.
    #wrappers = ""
    # File in place of the built-in table of host aliases.
    #aliases = ""
    # File in place of the built-in table of tracking parameters.
    #tracking = ""
    # File in place of the built-in Public Suffix List.
    #suffixes = ""
    # File in place of the built-in table of link shorteners.
    #shorteners = ""

    [serve]
    # Address and port of the check API. Anything but loopback needs [[keys]].
    #listen = "127.0.0.1:8080"
    # Threads that serve connections; 0 means one for each core.
    #threads = 0
    # How often configuration, lists, tables and certificates are looked at; a change is loaded once it has stood that long. 0 turns it off: SIGHUP reloads.
    #watch_ms = 2000
    # How often the canaries of lists are looked for, at the doors too, and told as figures, in seconds; 0 turns it off.
    #self_test_s = 3600
    # Certificate that self-tests show to doors that want one, PEM.
    #self_test_cert_file = ""
    # The key of that certificate, PEM.
    #self_test_key_file = ""
    # File with a key of the check API for self-tests, where it has keys.
    #self_test_api_key_file = ""

    [serve.limits]
    # Open connections of all doors together; more are closed at once.
    #connections_max = 20000
    # Requests at once in one HTTP/2 connection.
    #streams_max = 100
    # Size of a request without its body.
    #head_max_bytes = 32768
    # How long a request's head may take, and how long a connection may be idle.
    #head_timeout_ms = 10000
    # Size of a body that is read, packed and unpacked; at most 64 MiB.
    #body_max_bytes = 1048576
    # How long a body may take beyond what its rate allows.
    #body_grace_ms = 5000
    # The rate at which a body must arrive.
    #body_min_bytes_per_s = 1000
    # How long a client may take nothing of an answer.
    #write_timeout_ms = 30000
    # Posts in one request to /v1/check.
    #posts_max = 256
    # URLs in one request to /v4/threatMatches:find.
    #threat_entries_max = 500
    # Length of a URL that /v1/explain takes.
    #explain_url_max_chars = 8192
    # How long a long body may wait to be checked before it counts as overload.
    #check_wait_ms = 1000
    # How long idle connections may still bring a request when the server is told to end.
    #idle_grace_ms = 1000
    # How long requests under way may take after that.
    #grace_ms = 20000
    # How long a successor, started by SIGUSR2, may take until it serves.
    #successor_timeout_ms = 60000

    [tls]
    # Certificate and intermediates, PEM. If it is set, every door speaks TLS and nothing else.
    #cert_file = ""
    # The key of the certificate, PEM.
    #key_file = ""
    # Authorities, PEM: clients must show a certificate that one of them has signed.
    #client_ca_file = ""
    # Whether clients without a certificate are refused: required, or optional.
    #client_auth = "required"

    [api]
    # Names that Host may have where there are no keys, besides localhost.
    #hosts = []
    # Whether /v1/uris:search is offered: it puts URLs into access logs.
    #uris_search = false
    # How long the redirects of a post may be followed before it is answered; what takes longer is told later.
    #deadline_ms = 200

    [proxy]
    # Address and port of the reverse proxy; off if unset.
    #listen = ""
    # The platform behind the proxy: http://127.0.0.1:3000
    #upstream = ""
    # How its API looks: mastodon, atproto or generic.
    #platform = "generic"
    # If posts cannot be checked: closed refuses them, open lets them through marked, hold keeps them back.
    #on_system_failure = "closed"
    # Distinct entries for which one token may be refused; after that all of its posts with a link are held. 0: no end.
    #refusals_per_day = 20
    # The same for all tokens of one network: /24 of IPv4, /48 of IPv6. 0: no end.
    #network_refusals_per_day = 200
    # Fields of HTML: JSON pointers with * for list elements, or names of form fields.
    #html = []
    # Fields of Markdown.
    #markdown = []
    # Fields that are one link as a whole.
    #links = []
    # Requests whose body passes unread: "POST /files/**".
    #pass = []
    # Multipart uploads of any size: texts are read, files pass.
    #uploads = []
    # Requests that may become a WebSocket.
    #upgrades = []
    # Requests whose form may name another method in _method, which is refused elsewhere; they are read all the same.
    #forms = []
    # AT Protocol: let whole repositories be imported although nobody reads them.
    #pass_imports = false
    # Addresses whose X-Forwarded-For is believed.
    #trusted_proxies = []
    # The same, before the post is sent on or not.
    #deadline_ms = 200
    # How long the platform may take to begin its answer.
    #upstream_timeout_ms = 60000
    # How long an idle connection to the platform is kept; less than the platform keeps it itself, as Node's 5 s.
    #upstream_idle_ms = 4000
    # Connections to the platform.
    #upstream_connections_max = 1000

    [proxy.on_failure]
    # The same where a list is missing or none has an entry; by on_system_failure if unset.
    #no_index = ""
    # The same where long posts wait longer than serve.limits.check_wait_ms.
    #overload = ""
    # The same where a check did not end.
    #internal = ""

    [proxy.refusal]
    # Status of a refusal, 400 to 499, if the platform is generic.
    #status = ""
    # Content-Type of a refusal.
    #content_type = ""
    # Body of a refusal; {message} and {id} are filled in.
    #template = ""

    [telemetry]
    # What is logged: off, error, warn, info, debug or trace.
    #log = "info"
    # Address and port of /metrics, /healthz and /readyz without a key; then /metrics is nowhere else.
    #listen = ""
    # Let other machines reach that address; without it only loopback is taken.
    #allow_remote = false
    # Collector that gets traces by OTLP over HTTP: http://127.0.0.1:4318
    #otlp_endpoint = ""
    # The part of requests that are traced, 0.0 to 1.0; trusted fronts decide for theirs.
    #otlp_ratio = 0.01

    [fetch]
    # Hosts that are asked where their links lead: known (the table of shorteners), all that are unlisted, or none.
    #follow = "known"
    # Requests for one link.
    #hops_max = 10
    # How long one request may take, from its first byte to the last of the answer.
    #request_timeout_ms = 5000
    # How long one link is followed, whoever waits for it.
    #chain_timeout_ms = 20000
    # Size of a page whose links are read, unpacked.
    #page_max_bytes = 524288
    # Requests at once.
    #requests_max = 256
    # Requests in a second, to all hosts together; 0 means as many as there are.
    #requests_per_s = 0
    # Links that are followed at once; more are not begun.
    #chains_max = 20000
    # Requests at once to one host.
    #host_requests_max = 16
    # Failures in a row after which a host is left alone.
    #host_failures_max = 5
    # How long a host is left alone the first time; twice as long each time after.
    #host_pause_ms = 30000
    # How often a link whose host does not answer is followed again before that is told.
    #attempts_max = 6
    # The part of posts with such links, 0.0 to 1.0, that is looked at again later, in the name of a browser.
    #second_look_share = 0.01
    # How much later.
    #second_look_after_ms = 60000
    # Ports that are asked.
    #ports = [80, 443]
    # Name servers, as 192.0.2.53:53; those of the system if there are none.
    #resolvers = []
    # Egress proxy through which everything is asked: http://egress.internal:3128
    #proxy = ""
    # Authorities, PEM, that are trusted besides those of the system.
    #ca_file = ""
    # What hosts are told of who asks.
    #user_agent = "linkgate/VERSION"

    [cache]
    # Redirects that are remembered.
    #hops_max = 100000
    # Links of which it is remembered what they came to, for the lists in use.
    #trails_max = 100000
    # The shortest time for which a redirect is remembered, whatever its host says.
    #min_s = 60
    # The longest.
    #max_s = 86400
    # For how long one is whose host says nothing; a permanent one for the longest time.
    #redirect_s = 3600
    # For how long it is remembered that a link leads nowhere else.
    #negative_s = 120
    # File with the URL of a Redis or Valkey server that servers share redirects through: redis://127.0.0.1:6379/0
    #redis_url_file = ""

    [webhook]
    # Address that gets an event, signed, when a late check is finished or a list has changed; none if empty.
    #url = ""
    # File with the secret that events are signed with: whsec_ and Base64, or 24 bytes and more.
    #secret_file = ""
    # Authorities, PEM, that are trusted besides those of the system.
    #ca_file = ""
    # How long a delivery may take.
    #timeout_ms = 10000

    [guards]
    # Hosts that no list may take as a whole without approval, besides those of lists/protected.txt.
    #protect = []
    # A list that grows by more than this share of its entries waits for approval.
    #growth_max_share = 0.3
    # A list that shrinks by more than this share of its entries waits for approval.
    #shrink_max_share = 0.3
    # An update with a larger share of lines that cannot be used is refused, 0 to 1.
    #bad_lines_max_share = 0.01
    # An update that newly matches a larger share of the links checked lately waits for approval, 0 to 1.
    #newly_matched_max_share = 0.001
    # So many of the links checked lately are kept, as digests that tell nothing without the key; 0: none.
    #sample_links = 10000

    # One [[lists]] for each list; without any, the demo list is used.
    #[[lists]]
    #name = "partner"                         # unique; stands in reports
    #path = "/var/lib/linkgate/partner.csv"   # a source file, a directory of such or a compiled index; "-": handed over to `lists fetch`
    #url = "https://lists.example/csam.csv"   # where it is downloaded from, in place of `path`
    #format = "plain"                         # detected if absent
    #mode = "enforce"                         # "report" is told and never acted on
    #rollout_share = 1.0                      # the part of hosts on which it is enforced; on others it is only told
    #required = true                          # nothing is ready without it
    #default_category = "csam"                # of entries without a category, or with one that nobody knows
    #categories = { childabuse = "csam" }     # what its own words for categories mean
    #actions = { spam = "allow" }             # what its entries lead to by category; by [policy.category] if absent
    #www_twin = true                          # whether entries cover the host with or without `www.` too; by format if absent
    #plain_means = "domain"                   # a bare name is that host and all below it; "exact": that host alone
    #root_url_means = "page"                  # a URL without a path is the front page; "host": the whole host
    #label_private = false                    # whether labels are listed below hosting suffixes too
    #licence = "platforms only, not to be passed on" # for people
    #handling = "TLP:AMBER"                   # for people
    #poll_s = 43200                           # how often its source is asked, if that one does not say
    #stale_s = 604800                         # without news it is stale after that; if absent: a week if it is downloaded, else never
    #token_file = "/etc/linkgate/partner.token" # the bearer token for its source
    #client_cert_file = "/etc/linkgate/partner.crt" # the certificate that its source is shown, PEM
    #client_key_file = "/etc/linkgate/partner.key" # the key of that, PEM
    #ca_file = "/etc/linkgate/partner-ca.crt" # authorities that its source may have besides those of the system, PEM
    #allow_nets = ["192.0.2.0/24"]            # networks of your own in which its source may be; else it must be public
    #full_hash_url = "https://hashes.example/v1" # where whole hashes behind its prefixes are asked for
    #full_hash_shape = "files"                # how that is asked; or "safe_browsing"
    #full_hash_threat_types = ["SOCIAL_ENGINEERING"] # what "safe_browsing" asks for; everything if absent
    #minisign_key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3" # it needs a .minisig of that
    #minisign_file = "csam-2026.csv"          # the name that the .minisig gives it; "*": any
    #sha256 = false                           # whether it needs a .sha256 beside it
    #bytes_max = 1073741824                   # its size when unpacked
    #canary = "https://listed.test/"          # a link that it must match
    #anti_canary = "https://fine.example/"    # a link that it must not match
    #approvers = 1                            # how many people approve what waits: 1 or 2

    # The operator's own rulings; `linkgate override add` keeps them out of this file.
    #[[overrides]]
    #id = ""                                  # given by the place in the file; leave it out
    #value = "fine.example"                   # a host, URL, address, network or label, by `scope`
    #scope = "domain"                         # as of entries of lists
    #action = "allow"                         # or "flag", "hold", "reject"
    #reason = "listed by mistake, reported to the source" # stands on the record
    #author = "t-and-s"                       # who decided
    #approver = "lead"                        # a second person; without one csam and the like stay as they are
    #expires = "2027-01-31"                   # its last day; required below reject, at most 90 days away

    # One [[keys]] for each that may ask the check API; `linkgate keys new NAME` makes a key and these lines.
    #[[keys]]
    #name = "composer"                        # whose it is
    #sha256 = "…"                             # of the key, which stands nowhere
    #scopes = ["check"]                       # and "explain", "reveal", "admin"
    #tenant = "platform"                      # keys of one tenant share budgets; its own name if absent
    #expires = "2027-01-31"                   # its last day
    #lists = ["partner"]                      # that answer it; all if absent
    #policy = { not_canonical = "hold" }      # values of [policy] that are others for it
    #requests_per_minute = 6000               # no end if absent
    #links_per_day = 5000000                  # looked up; no end if absent
    #hits_per_day = 1000                      # distinct entries; whoever meets more is reading the list out
    [0]
    "#);
}
