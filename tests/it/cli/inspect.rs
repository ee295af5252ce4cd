//! `inspect`: each stage alone, JSON lines in and out.

use super::session_with;
use crate::Home;

fn inspect(stage: &str, lines: &[&str]) -> String {
    session_with(&Home::new(), &["inspect", stage], &lines.join("\n"))
}

#[test]
fn links() {
    let said = inspect(
        "links",
        &[
            r#"{"id":1,"input":"see hxxps://listed[.]example/a, www.fine.example and fine.test"}"#,
            r#"{"id":2,"input":"www.fine.example and fine.test","options":{"schemeless":"www"}}"#,
            r#"{"id":3,"input":"www.fine.example and fine.test","options":{"schemeless":false}}"#,
            r#"{"id":4,"input":"[x](https://listed.example/a)","options":{"format":"markdown"}}"#,
            r#"{"id":5,"input":"<a href='//listed.example'>x</a>","options":{"format":"html"}}"#,
            r#"{"id":6,"input":"192.0.2.1","options":{"bare_ip":true}}"#,
            r#"{"id":"none","input":"no link"}"#,
        ],
    );
    insta::assert_snapshot!(said, @r#"
    $ linkgate inspect links
    {"hosts":["listed.example","www.fine.example","fine.test"],"id":1,"kinds":["defanged","schemeless"],"overflow":false,"spans_utf8":[[4,30],[32,48]],"urls":["https://listed.example/a","www.fine.example"]}
    {"hosts":["www.fine.example"],"id":2,"kinds":["schemeless"],"overflow":false,"spans_utf8":[[0,16]],"urls":["www.fine.example"]}
    {"hosts":[],"id":3,"kinds":[],"overflow":false,"spans_utf8":[],"urls":[]}
    {"hosts":["listed.example"],"id":4,"kinds":["markup"],"overflow":false,"spans_utf8":[[4,28]],"urls":["https://listed.example/a"]}
    {"hosts":["listed.example"],"id":5,"kinds":["markup"],"overflow":false,"spans_utf8":[[9,25]],"urls":["//listed.example"]}
    {"hosts":["192.0.2.1"],"id":6,"kinds":["schemeless"],"overflow":false,"spans_utf8":[[0,9]],"urls":["192.0.2.1"]}
    {"hosts":[],"id":"none","kinds":[],"overflow":false,"spans_utf8":[],"urls":[]}
    [0]
    "#);
}

#[test]
fn canonical() {
    let said = inspect(
        "canonical",
        &[
            r#"{"id":1,"input":"HTTP://User@Listed.EXAMPLE:8080/a/..%2fb?q#f"}"#,
            r#"{"id":2,"input":"../c?d","options":{"base":"https://listed.example/a/b/"}}"#,
            r#"{"id":3,"input":"http://0xC0000242/","options":{"profile":"gsb"}}"#,
            r#"{"id":4,"input":"http://[::ffff:192.0.2.66]/","options":{"profile":"gsb-v5"}}"#,
            r#"{"id":5,"input_b64":"aHR0cDovL2xpc3RlZC5leGFtcGxlL/8="}"#,
            r#"{"id":6,"input":"http://"}"#,
        ],
    );
    insta::assert_snapshot!(said, @r#"
    $ linkgate inspect canonical
    {"ascii":null,"canonical":"http://listed.example/b?q","host":"listed.example","href":"http://User@listed.example:8080/a/..%2fb?q#f","id":1,"path":"/b","query":"q"}
    {"ascii":null,"canonical":"https://listed.example/a/c?d","host":"listed.example","href":"https://listed.example/a/c?d","id":2,"path":"/a/c","query":"d"}
    {"ascii":null,"canonical":"http://192.0.2.66/","host":"192.0.2.66","href":null,"id":3,"path":"/","query":null}
    {"ascii":null,"canonical":"http://[::ffff:c000:242]/","host":"192.0.2.66","href":null,"id":4,"path":"/","query":null}
    {"ascii":null,"canonical":"http://listed.example/%FF","host":"listed.example","href":"http://listed.example/%FF","id":5,"path":"/%FF","query":null}
    {"ascii":null,"failure":true,"id":6}
    [0]
    "#);
}

#[test]
fn expressions() {
    let said = inspect(
        "expressions",
        &[
            r#"{"id":1,"input":"http://www.a.listed.example/1/2.html?q=3"}"#,
            r#"{"id":2,"input":"http://www.a.listed.example/","options":{"profile":"gsb"}}"#,
            r#"{"id":3,"input":"http://www.a.listed.example/","options":{"profile":"gsb-v5"}}"#,
            r#"{"id":4,"input":"http://www.listed.example/b/c","options":{"profile":"linkgate"}}"#,
            r#"{"id":5,"input":"http://listed.example/","options":{"profile":"threatexchange"}}"#,
            r#"{"id":6,"input":"http://listed.example/","options":{"profile":"gsb-v6"}}"#,
            r#"{"id":7,"input":"http://listed.example/","options":{"profile":5}}"#,
            r#"{"id":8,"input":"http://listed.example/","options":{"profile":null}}"#,
            r#"{"id":9,"input":"http://"}"#,
        ],
    );
    insta::assert_snapshot!(said, @r#"
    $ linkgate inspect expressions
    {"expressions":["www.a.listed.example/1/2.html?q=3","www.a.listed.example/1/2.html","www.a.listed.example/","www.a.listed.example/1/","a.listed.example/1/2.html?q=3","a.listed.example/1/2.html","a.listed.example/","a.listed.example/1/","listed.example/1/2.html?q=3","listed.example/1/2.html","listed.example/","listed.example/1/"],"hosts":["www.a.listed.example","a.listed.example","listed.example"],"id":1,"md5":"07ba12864f59cf6ba6effa8eec33d680","paths":["/1/2.html?q=3","/1/2.html","/","/1/"],"sha256":"91c5e3c1e3d8dce2ec6bbd6acb371c528be6eb33da5ad564956a81825e408d22"}
    {"expressions":["www.a.listed.example/","a.listed.example/","listed.example/"],"hosts":["www.a.listed.example","a.listed.example","listed.example"],"id":2,"md5":"527d3a00b00c2e1c94a550c9e61f5750","paths":["/"],"sha256":"ebb3f91a5fbfd8fd1c527ce6fb4a490d5220f1c3bcfd76bf26fba943403463c0"}
    {"expressions":["www.a.listed.example/","a.listed.example/","listed.example/"],"hosts":["www.a.listed.example","a.listed.example","listed.example"],"id":3,"md5":"527d3a00b00c2e1c94a550c9e61f5750","paths":["/"],"sha256":"ebb3f91a5fbfd8fd1c527ce6fb4a490d5220f1c3bcfd76bf26fba943403463c0"}
    {"expressions":["www.listed.example","listed.example","www.listed.example/","www.listed.example/b","www.listed.example/b/c","listed.example/","listed.example/b","listed.example/b/c"],"hosts":["www.listed.example"],"id":4,"md5":"5d8c10d06805b96b628ef465aa06fa03","paths":["/b/c"],"sha256":"8e5d5d87fbb425076748c1c23a07b624aca8b601277e7b3033d517bf17044824"}
    {"expressions":["listed.example/"],"hosts":["listed.example"],"id":5,"md5":"57a870e082bd74f50f71a9476543e0c6","paths":["/"],"sha256":"6360a2ae356637c4ee273b506b97ae749bb110560f9ea81453ec96c513ffc528"}
    {"id":null,"line":6,"error":"bad_field"}
    {"id":null,"line":7,"error":"bad_field"}
    {"expressions":["listed.example/"],"hosts":["listed.example"],"id":8,"md5":"57a870e082bd74f50f71a9476543e0c6","paths":["/"],"sha256":"6360a2ae356637c4ee273b506b97ae749bb110560f9ea81453ec96c513ffc528"}
    {"failure":true,"id":9}
    2> linkgate: 2 lines of the input could not be read, the output says which
    [2]
    "#);
}

#[test]
fn suffix() {
    let said = inspect(
        "suffix",
        &[
            r#"{"id":1,"input":"www.listed.example"}"#,
            r#"{"id":2,"input":"www.example.co.uk"}"#,
            r#"{"id":3,"input":"co.uk"}"#,
            r#"{"id":4,"input":"192.0.2.1"}"#,
        ],
    );
    insta::assert_snapshot!(said, @r#"
    $ linkgate inspect suffix
    {"id":1,"registrable":"listed.example","suffix":"example"}
    {"id":2,"registrable":"example.co.uk","suffix":"co.uk"}
    {"id":3,"registrable":null,"suffix":"co.uk"}
    {"id":4,"registrable":null,"suffix":null}
    [0]
    "#);
}

#[test]
fn list() {
    let said = inspect(
        "list",
        &[
            r#"{"id":1,"input":"blocked.test\n# why\nnot a host\n"}"#,
            r#"{"id":2,"input":{"format":"hosts","content":"0.0.0.0 blocked.test\n"},"urls":["http://blocked.test/a","http://fine.test/"]}"#,
            r#"{"id":3,"input":"not a host"}"#,
            r#"{"id":4,"input":{"format":"auto","content":"value,valid_until\nblocked.test,2026-01-01\n"},"options":{"now":"2027-01-01"}}"#,
            r#"{"id":5,"input":""}"#,
            r#"{"id":6,"input":{"format":"nonsense","content":""}}"#,
        ],
    );
    insta::assert_snapshot!(said, @r#"
    $ linkgate inspect list
    {"entries":[{"kind":"domain","scope":"domain","value":"blocked.test"}],"format":"plain","id":1,"ignored_lines":[2],"rejected_lines":[3]}
    {"entries":[{"kind":"host","scope":"host","value":"blocked.test"}],"format":"hosts","id":2,"ignored_lines":[],"match":[{"hit":true,"url":"http://blocked.test/a"},{"hit":false,"url":"http://fine.test/"}],"rejected_lines":[],"values":["blocked.test"]}
    {"entries":[],"format":"plain","id":3,"ignored_lines":[],"rejected":true,"rejected_lines":[1]}
    {"entries":[],"format":"house","id":4,"ignored_lines":[1],"rejected_lines":[]}
    {"entries":[],"format":"plain","id":5,"ignored_lines":[],"refused":"empty","rejected_lines":[]}
    {"id":null,"line":6,"error":"bad_field"}
    2> linkgate: 1 line of the input could not be read, the output says which
    [2]
    "#);
}

#[test]
fn lines_that_cannot_be_read_are_answered_and_counted() {
    let said = inspect("links", &["not json", "{\"id\":1}", "", "{\"id\":2,\"input_b64\":\"?\"}"]);
    insta::assert_snapshot!(said, @r#"
    $ linkgate inspect links
    {"id":null,"line":1,"error":"not_json"}
    {"id":null,"line":2,"error":"bad_field"}
    {"id":null,"line":4,"error":"bad_field"}
    2> linkgate: 3 lines of the input could not be read, the output says which
    [2]
    "#);
    insta::assert_snapshot!(inspect("suffix", &["5"]), @r#"
    $ linkgate inspect suffix
    {"id":null,"line":1,"error":"bad_field"}
    2> linkgate: 1 line of the input could not be read, the output says which
    [2]
    "#);
    insta::assert_snapshot!(inspect("suffix", &[]), @"
    $ linkgate inspect suffix
    [0]
    ");
}
