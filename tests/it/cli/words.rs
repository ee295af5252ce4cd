//! Lists with words and actions of their own, by the configuration.

use super::{json, session};
use crate::{Home, Ran};

const LIST: &str =
    "value,category\nbad.example,ChildAbuse\ncasino.example,gambling\nad.example,spam\nodd.example,dating\n";

fn config(home: &Home, more: &str) -> String {
    let list = home.file("partner.csv", LIST);
    let state = home.path().join("kept");
    let text = format!(
        "[state]\ndir = \"{}\"\n[[lists]]\nname = \"partner\"\npath = \"{}\"\ndefault_category = \"malware\"\n{more}\n",
        state.display(),
        list.display()
    );
    home.file("c.toml", text).to_str().unwrap().to_owned()
}

const POST: &str = "https://bad.example/ https://casino.example/ https://ad.example/ https://odd.example/";

fn check(home: &Home, config: &str) -> Ran {
    home.run(&["--config", config, "check", "--json", POST])
}

/// Category and action of each link.
fn told(ran: &Ran) -> (Vec<String>, u64) {
    let all = json(&ran.stdout);
    let links = all["reports"][0]["links"].as_array().unwrap();
    let told = |link: &serde_json::Value| {
        format!("{} {}", link["matches"][0]["category"].as_str().unwrap(), link["action"].as_str().unwrap())
    };
    (links.iter().map(told).collect(), all["generation"].as_u64().unwrap())
}

#[test]
fn words_and_actions_take_effect_and_raise_the_generation() {
    let home = Home::new();
    let words = "categories = { \"childabuse\" = \"csam\", \"gambling\" = \"other\" }";
    let actions = "actions = { csam = \"hold\", spam = \"allow\" }";
    let mut before = 0;
    for (more, expected) in [
        (String::new(), ["malware hold", "malware hold", "spam flag", "malware hold"]),
        (words.to_owned(), ["csam reject", "other flag", "spam flag", "malware hold"]),
        (format!("{words}\n{actions}"), ["csam hold", "other flag", "spam allow", "malware hold"]),
        (format!("{words}\nactions = {{ csam = \"flag\" }}"), ["csam flag", "other flag", "spam flag", "malware hold"]),
    ] {
        let config = config(&home, &more);
        let (links, generation) = told(&check(&home, &config));
        assert_eq!(links, expected, "{more}");
        assert!(generation > before, "{more}: {generation} after {before}");
        assert_eq!(told(&check(&home, &config)), (links, generation), "{more}");
        before = generation;
    }
    // A list on the command line stands in place of those of the configuration, with all that is said of them.
    let config = config(&home, actions);
    let list = home.path().join("partner.csv");
    let given = home.run(&["--config", &config, "check", "--json", "--lists", list.to_str().unwrap(), POST]);
    assert_eq!(told(&given).0, ["csam reject", "csam reject", "spam flag", "csam reject"]);
}

#[test]
fn what_cannot_be_meant_is_said_with_what_is_known() {
    let home = Home::new();
    let mut said = String::new();
    for more in [
        "categories = { \"abuse\" = \"CSAM\" }",
        "categories = { \"abuse\" = \"csam\", \"Abuse\" = \"spam\" }",
        "categories = { \"\" = \"csam\" }",
        "categories = { \"abuse\" = 7 }",
        "categories = \"csam\"",
        "actions = { csam = \"drop\" }",
        "actions = { abuse = \"hold\" }",
        "actions = [\"hold\"]",
        "category = { \"abuse\" = \"csam\" }",
    ] {
        let config = config(&home, more);
        said += &session(&home, &[&["--config", &config, "config", "check"]]);
    }
    insta::assert_snapshot!(said, @r#"
    $ linkgate --config DIR/c.toml config check
    2> linkgate: DIR/c.toml: `lists[1].categories` has "abuse" = "CSAM", which is no category; known are: csam, csam_advertising, invite_pyramid, exploitation, malware, phishing, spam, test, other
    [2]
    $ linkgate --config DIR/c.toml config check
    2> linkgate: DIR/c.toml: `lists[1].categories` has "abuse" twice; case does not matter
    [2]
    $ linkgate --config DIR/c.toml config check
    2> linkgate: DIR/c.toml: `lists[1].categories` has a word that is empty or longer than 100 bytes
    [2]
    $ linkgate --config DIR/c.toml config check
    2> linkgate: DIR/c.toml: `lists[1].categories` has a value that cannot be used; expected a text in quotes
    [2]
    $ linkgate --config DIR/c.toml config check
    2> linkgate: DIR/c.toml: `lists[1].categories` has a value that cannot be used; expected a table in braces: { name = "value" }
    [2]
    $ linkgate --config DIR/c.toml config check
    2> linkgate: DIR/c.toml: `lists[1].actions` has "csam" = "drop", which is no action; known are: allow, flag, hold, reject
    [2]
    $ linkgate --config DIR/c.toml config check
    2> linkgate: DIR/c.toml: `lists[1].actions` has "abuse", which is no category; known are: csam, csam_advertising, invite_pyramid, exploitation, malware, phishing, spam, test, other
    [2]
    $ linkgate --config DIR/c.toml config check
    2> linkgate: DIR/c.toml: `lists[1].actions` has a value that cannot be used; expected a table in braces: { name = "value" }
    [2]
    $ linkgate --config DIR/c.toml config check
    2> linkgate: DIR/c.toml: unknown key `lists[1].category`; did you mean `lists[1].categories`?
    [2]
    "#);
}

#[test]
fn the_configuration_shows_them() {
    let home = Home::new();
    let config = config(&home, "categories = { \"Abuse\" = \"csam\" }\nactions = { spam = \"allow\" }");
    let shown = home.run(&["--config", &config, "config", "show"]).stdout;
    for line in ["lists.partner.categories = { abuse = \"csam\" }", "lists.partner.actions = { spam = \"allow\" }"] {
        assert!(shown.contains(line), "{shown}");
    }
}
