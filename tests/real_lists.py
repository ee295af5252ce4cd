"""Writes lists with the libraries that others write theirs with, and what linkgate must read in them.

    target/python/bin/python tests/real_lists.py FOLDER

One file or directory per case, and `expected.json` beside them. What is expected follows from what was put in, and from
reading the files back with the library that wrote them; never from what linkgate says.
"""

import ipaddress
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

import dns.name
import dns.rdata
import dns.zone
import pymisp
import stix2
from pymisp.tools import feed_meta_generator
from stix2.pattern_visitor import create_pattern_object

CASES = []


def case(file, form, entries, refused, ignored, guard=False):
    """Notes what a file holds: its entries, and how many of its lines or objects give none."""
    CASES.append(
        {"file": file, "format": form, "entries": entries, "refused": refused, "ignored": ignored, "guard": guard}
    )


def entry(scope, value, **more):
    return {"scope": scope, "value": value, **{key: text for key, text in more.items() if text is not None}}


def page(url):
    return "url", url.split("://")[1]


def domain(name):
    return "domain", name.lower()


def address(text):
    network = ipaddress.ip_network(text)
    whole = network.prefixlen == network.max_prefixlen
    return ("ip", str(network.network_address)) if whole else ("cidr", str(network))


# STIX. The patterns are built from the library's own parts, so that it does the quoting.

LINKS = {"url": page, "domain-name": domain, "ipv4-addr": address, "ipv6-addr": address}


def day(year, month):
    return datetime(year, month, 1, tzinfo=timezone.utc)


def equals(kind, value, operator=stix2.EqualityComparisonExpression):
    return operator(stix2.ObjectPath(kind, ["value"]), stix2.StringConstant(value))


def one_of(kind, *values):
    return stix2.InComparisonExpression(stix2.ObjectPath(kind, ["value"]), stix2.ListConstant(list(values)))


def seen(*comparisons):
    """`[a]`, or `[a OR b]`."""
    inner = comparisons[0] if len(comparisons) == 1 else stix2.OrBooleanExpression(list(comparisons))
    return stix2.ObservationExpression(inner)


def indicator(pattern, **more):
    born = day(2024, 1)
    return stix2.Indicator(
        pattern=str(pattern), pattern_type=more.pop("pattern_type", "stix"), created=born, modified=born,
        valid_from=born, **more)


def patterns():
    """Patterns that single links can fit, and those that they cannot."""
    a, b = equals("domain-name", "a.example"), equals("url", "https://b.example/x")
    name = stix2.EqualityComparisonExpression("file:name", stix2.StringConstant("picture"))
    return [
        seen(equals("url", "https://listed.example/gallery/1?id=7")),
        seen(equals("url", "https://quote.example/it's/here")),
        seen(equals("url", "https://front.example/")),
        seen(equals("domain-name", "LISTED.example")),
        seen(equals("ipv4-addr", "192.0.2.1")),
        seen(equals("ipv4-addr", "198.51.100.0/24")),
        seen(equals("ipv6-addr", "2001:db8::1")),
        seen(one_of("domain-name", "in1.example", "in2.example")),
        seen(one_of("url", "http://in3.test/a", "http://in4.test/b,c")),
        seen(equals("domain-name", "or1.example"), equals("url", "https://or2.example/y")),
        stix2.OrObservationExpression(
            [seen(equals("domain-name", "or3.example")), seen(equals("ipv4-addr", "203.0.113.9"))]),
        stix2.ParentheticalExpression(seen(stix2.ParentheticalExpression(equals("domain-name", "round.example")))),
        seen(name),
        seen(equals("url", "https://like.example/%", stix2.LikeComparisonExpression)),
        seen(equals("domain-name", "^match", stix2.MatchesComparisonExpression)),
        seen(stix2.EqualityComparisonExpression(
            "url:value", stix2.StringConstant("https://not.example/"), negated=True)),
        stix2.ObservationExpression(stix2.AndBooleanExpression([equals("url", "https://and.example/"), b])),
        stix2.AndObservationExpression([seen(a), seen(b)]),
        stix2.FollowedByObservationExpression([seen(a), seen(b)]),
        stix2.QualifiedObservationExpression(seen(a), stix2.RepeatQualifier(3)),
        stix2.QualifiedObservationExpression(seen(a), stix2.WithinQualifier(60)),
        stix2.QualifiedObservationExpression(seen(a), stix2.StartStopQualifier(day(2024, 1), day(2024, 2))),
    ]


def meant(node):
    """What any one of is enough for a pattern, as kind and value; `None` if it takes more than one link to tell."""
    if isinstance(node, stix2.ParentheticalExpression):
        return meant(node.expression)
    if isinstance(node, stix2.ObservationExpression):
        return meant(node.operand)
    if isinstance(node, (stix2.OrBooleanExpression, stix2.OrObservationExpression)):
        parts = [meant(part) for part in node.operands]
        return None if None in parts else sum(parts, [])
    listed = type(node) is stix2.InComparisonExpression
    if node.__dict__.get("negated") or not (listed or type(node) is stix2.EqualityComparisonExpression):
        return None
    values = node.rhs.value if listed else [node.rhs]
    return [(node.lhs.object_type_name, constant.value.replace("\\'", "'")) for constant in values]


def stix_entries(current):
    """Entries and refusals of the current versions of all objects, as the library reads their patterns."""
    entries, refused = [], 0
    for found in current:
        if found["type"] != "indicator" or found.pattern_type != "stix" or found.revoked:
            continue
        parts = meant(create_pattern_object(found.pattern))
        if parts is None:
            refused += 1
            continue
        until = int(found.valid_until.timestamp()) if "valid_until" in found else None
        more = {"id": found.id, "confidence": found.get("confidence"), "valid_until": until}
        entries += [entry(*LINKS[kind](value), **more) for kind, value in parts if kind in LINKS]
    return entries, refused


def stix(folder):
    author = stix2.Identity(name="list keeper", identity_class="organization")
    plain = [indicator(pattern) for pattern in patterns()]
    dated = indicator(seen(equals("domain-name", "dated.example")), confidence=85, valid_until=day(2099, 7))
    first = indicator(seen(equals("domain-name", "version1.example")))
    second = first.new_version(pattern=str(seen(equals("domain-name", "version2.example"))), modified=day(2024, 2))
    third = second.new_version(pattern=str(seen(equals("domain-name", "version3.example"))), modified=day(2024, 3))
    gone = indicator(seen(equals("domain-name", "revoked.example")))
    other = indicator("alert ip any any", pattern_type="snort")
    sight = stix2.DomainName(value="sight.example")
    # Versions stand in every order: exchanges do not sort them.
    objects = [author, stix2.TLP_AMBER, third, *plain, first, dated, gone.revoke(), second, gone, other, sight]
    store = stix2.MemoryStore(stix2.Bundle(objects=objects))
    current = [store.get(id_) for id_ in dict.fromkeys(item["id"] for item in objects)]
    entries, refused = stix_entries(current)
    taken = len({found["id"] for found in entries})
    bundle = stix2.Bundle(objects=objects)
    (folder / "bundle.json").write_text(bundle.serialize(pretty=True))
    case("bundle.json", "stix21", entries, refused, len(objects) - taken - refused)
    envelope = {"more": True, "next": "2", "objects": json.loads(bundle.serialize())["objects"]}
    (folder / "envelope.json").write_text(json.dumps(envelope))
    case("envelope.json", "stix21", entries, refused, len(objects) - taken - refused)


# MISP.

def composite(scope):
    return lambda value: scope(value.split("|")[0])


ATTRIBUTES = {
    "url": page, "domain": domain, "hostname": domain, "ip-dst": address,
    "domain|ip": composite(domain), "hostname|port": composite(domain), "ip-dst|port": composite(address),
}


def event(number):
    """An event with attributes of its own and in objects."""
    made = pymisp.MISPEvent()
    made.info, made.uuid = f"sample {number}", f"{number:08}-5555-4555-8555-555555555555"
    made.date, made.published = "2024-01-01", True
    made.Orgc = pymisp.MISPOrganisation()
    made.Orgc.from_dict(name="list keeper", uuid="66666666-6666-4666-8666-666666666666")
    made.add_tag("tlp:amber")
    for kind, value in [
        ("url", f"https://page{number}.example/a?id=7"), ("domain", f"Domain{number}.example"),
        ("hostname", f"www.host{number}.test"), ("ip-dst", f"192.0.2.{number}"), ("ip-dst", "198.51.100.0/24"),
        ("domain|ip", f"pair{number}.example|192.0.2.9"), ("hostname|port", f"port{number}.example|8080"),
        ("ip-dst|port", "203.0.113.5|443"), ("sha256", "d2" * 32), ("ip-src", "203.0.113.7"),
    ]:
        made.add_attribute(kind, value, to_ids=True)
    made.add_attribute("domain", "context.example", to_ids=False)
    made.add_attribute("domain", "deleted.example", to_ids=True).delete()
    made.add_attribute("domain", "test", to_ids=True)  # a top level: refused
    pair, gone = pymisp.MISPObject("domain-ip"), pymisp.MISPObject("url")
    pair.add_attribute("domain", f"object{number}.example")
    pair.add_attribute("ip", "203.0.113.8")
    gone.add_attribute("url", "https://deleted.example/object")
    gone.delete()
    made.add_object(pair)
    made.add_object(gone)
    return made


def misp_entries(path):
    """Entries, refusals and what is ignored, from reading the file back."""
    made = pymisp.MISPEvent()
    made.load_file(str(path))
    attributes = made.attributes + [attribute for part in made.objects for attribute in part.attributes]
    wanted = [one for one in attributes if one.type in ATTRIBUTES and one.to_ids and not one.get("deleted")]
    taken = [one for one in wanted if one.value != "test"]
    entries = [entry(*ATTRIBUTES[one.type](one.value), id=one.uuid, source_ref=made.uuid) for one in taken]
    return entries, len(wanted) - len(taken), len(attributes) - len(wanted)


def misp(folder):
    (folder / "event.json").write_text(event(1).to_json(indent=2))
    case("event.json", "misp_event", *misp_entries(folder / "event.json"))
    feed = folder / "feed"
    feed.mkdir()
    for made in (event(2), event(3)):
        (feed / f"{made.uuid}.json").write_text(json.dumps(made.to_feed()))
    read = [misp_entries(path) for path in sorted(feed.glob("*.json"))]
    feed_meta_generator(feed)
    case("feed", "misp_event", *(sum(parts, type(parts[0])()) for parts in zip(*read)))
    good = ["good.example", "fine.test"]
    warning = pymisp.MISPWarninglist()
    warning.from_dict(name="known good", version=3, type="hostname", matching_attributes=["domain", "url"], list=good)
    (folder / "warninglist.json").write_text(warning.to_json())
    case("warninglist.json", "misp_warninglist", [entry("allow_domain", name) for name in good], 0, 0, guard=True)


# DNS response policy zones.

ORIGIN = dns.name.from_text("rpz.example.")
NETWORKS = {
    "24.0.100.51.198.rpz-ip": "198.51.100.0/24", "32.1.2.0.192.rpz-ip": "192.0.2.1",
    "48.zz.66.db8.2001.rpz-ip": "2001:db8:66::/48", "128.1.zz.db8.2001.rpz-ip": "2001:db8::1",
}
RECORDS = [
    ("@", "SOA", "localhost. admin.localhost. 2024010101 3600 600 86400 300"), ("@", "NS", "localhost."),
    ("listed.example", "CNAME", "."), ("*.listed.example", "CNAME", "."),
    ("ok.listed.example", "CNAME", "rpz-passthru."), ("*.ok.listed.example", "CNAME", "rpz-passthru."),
    ("itself.listed.example", "CNAME", "itself.listed.example."),
    ("nodata.example", "CNAME", "*."), ("drop.test", "CNAME", "rpz-drop."), ("tcp.test", "CNAME", "rpz-tcp-only."),
    ("warned.example", "CNAME", "warning.rpz.example."), ("Upper.TEST", "CNAME", "."),
    ("under_score.test", "CNAME", "."), ("xn--bcher-kva.example", "CNAME", "."),
    ("garden.test", "A", "192.0.2.80"), ("garden.test", "AAAA", "2001:db8::80"),
    ("garden.test", "TXT", '"why; (listed)"'), ("*.test", "CNAME", "."), ("test", "CNAME", "."),
    ("32.9.2.0.192.rpz-client-ip", "CNAME", "."), ("32.9.2.0.192.rpz-nsip", "CNAME", "."),
    ("ns.bad.example.rpz-nsdname", "CNAME", "."), ("*.bad.example.rpz-nsdname", "CNAME", "."),
    *((owner, "CNAME", ".") for owner in NETWORKS),
]


def zone_entry(owner, target):
    """What a record says about links; `refused` or `ignored` if it gives no entry."""
    name = owner.removeprefix("*.").lower()
    if target == "rpz-tcp-only." or name.endswith((".rpz-client-ip", ".rpz-nsip", ".rpz-nsdname")):
        return "ignored"
    if owner in NETWORKS:
        return entry(*address(NETWORKS[owner]))
    if "." not in name:
        return "refused"
    allow = "allow_" if target in ("rpz-passthru.", f"{name}.") else ""
    return entry(allow + ("subdomains" if owner.startswith("*.") else "host"), name)


def zone_entries(path):
    """Entries, refusals and what is ignored, from reading the zone back."""
    zone, found, triggers = dns.zone.from_file(str(path), origin=ORIGIN, relativize=True), [], set()
    for owner, _, data in zone.iterate_rdatas():
        kind, owner = data.rdtype.name, str(owner)
        if kind not in ("CNAME", "A", "AAAA") or owner in triggers:
            found.append("ignored")
            continue
        triggers.add(owner)
        found.append(zone_entry(owner, data.target.to_text() if kind == "CNAME" else ""))
    entries = [one for one in found if isinstance(one, dict)]
    return entries, found.count("refused"), found.count("ignored")


def rpz(folder):
    for file, how in [
        ("relative.zone", {"relativize": True}),
        ("origin.zone", {"relativize": True, "want_origin": True}),
        ("absolute.zone", {"relativize": False}),
        ("absolute-origin.zone", {"relativize": False, "want_origin": True, "nl": "\r\n"}),
    ]:
        zone = dns.zone.Zone(ORIGIN, relativize=how["relativize"])
        for owner, kind, text in RECORDS:
            data = dns.rdata.from_text("IN", kind, text, origin=ORIGIN, relativize=how["relativize"])
            zone.find_rdataset(owner, kind, create=True).add(data, ttl=300)
        zone.to_file(str(folder / file), **how)
        entries, refused, ignored = zone_entries(folder / file)
        case(file, "rpz", entries, refused, ignored + how.get("want_origin", False))


def main(folder):
    for write in (stix, misp, rpz):
        write(folder)
    (folder / "expected.json").write_text(json.dumps(CASES, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
