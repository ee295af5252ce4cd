"""Made-up lists and posts: the same on every machine, reserved names only, some listed links planted among them."""

import itertools
import json
import random
from datetime import datetime, timedelta, timezone

VERSION = 1  # part of the folder's name: other data, another folder
SYLLABLES = "ba ce di fo gu ha ki lo mu na pe ri so tu va we xi yo za ble cor dan fen gil hol".split()
SUFFIXES = [".example", ".test", ".invalid", ".co.example", ".com.test"]
PATHS = "photo video gallery board forum thread user item news blog wiki shop 2024 2025 archive media".split()
HARMLESS_HOSTS = 50_000
PLAIN_KINDS = ["domain", "subdomain", "prefix", "url", "upper_case", "port", "no_scheme"]
DISGUISED_KINDS = ["hxxp", "brackets", "dot_word", "wide_dot", "escaped_dot", "escaped_slash"]

# Words with spaces between them, or pieces of a script that has none.
SCRIPTS = [
    (" ", "the morning we walked along river and talked about books while rain fell on old roofs of town".split()),
    (" ", "сегодня утром мы гуляли вдоль реки и говорили о книгах пока дождь падал на старые крыши города".split()),
    (" ", "σήμερα το πρωί περπατήσαμε δίπλα στο ποτάμι και μιλήσαμε για βιβλία ενώ έβρεχε στην παλιά πόλη".split()),
    (" ", "مشينا هذا الصباح على ضفة النهر وتحدثنا عن الكتب بينما كان المطر يهطل فوق المدينة القديمة".split()),
    (" ", "הלכנו הבוקר לאורך הנהר ודיברנו על ספרים בזמן שהגשם ירד על גגות העיר הישנה".split()),
    (" ", "आज सुबह हम नदी के किनारे टहले और किताबों की बातें कीं जब पुराने शहर में बारिश हुई".split()),
    ("", "เช้านี้ เรา เดิน ริม แม่น้ำ และ คุย เรื่อง หนังสือ ขณะ ฝน ตก ใน เมือง เก่า".split()),
    ("", "今朝は 川沿いを 歩いて 本の 話を しました 雨が 古い 町の 屋根に 降って いました 。".split()),
    ("", "今天 早上 我们 沿着 河边 散步 谈论 书籍 雨水 落在 老城 的 屋顶 上 ，".split()),
    (" ", "오늘 아침 우리는 강가를 걸으며 책 이야기를 했고 비는 오래된 마을 지붕 위로 내렸다".split()),
]


def word(number):
    """A name of syllables, another one for every number."""
    parts = []
    while number or not parts:
        number, rest = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[rest])
    return "".join(reversed(parts))


def path(number):
    return f"/{PATHS[number % 16]}/{PATHS[number // 16 % 16]}/{number * 2_654_435_761 % 1_000_003:x}"


def listed(number):
    """An entry: 60 % domains, 25 % prefixes, 15 % pages. Only a listed host has a `q` in its name."""
    host = f"{word(number)}q{number % 97}{SUFFIXES[number % 5]}"
    match number % 20:
        case kind if kind < 12:
            return "domain", host, ""
        case kind if kind < 17:
            return "prefix", host, path(number) + "/"
        case _:
            return "url", host, path(number)


def list_lines(entries):
    for number in range(entries):
        kind, host, where = listed(number)
        yield f"https://{host}{where}" if kind == "url" else host + where


class Harmless:
    """Links to hosts that are on no list; a few hosts have most of the links."""

    def __init__(self, rng):
        self.rng = rng
        self.hosts = [f"{word(rank)}-{word(rank * 7 + 3)}{SUFFIXES[rank % 5]}" for rank in range(HARMLESS_HOSTS)]
        weights = (1 / (rank + 1) for rank in range(HARMLESS_HOSTS))
        self.reach = list(itertools.accumulate(weights))

    def link(self):
        host = self.rng.choices(self.hosts, cum_weights=self.reach)[0]
        number = self.rng.randrange(1 << 30)
        scheme = ("https://", "https://", "https://www.", "http://", "")[number % 5]
        query = ("", "", "", f"?id={number}", "?utm_source=feed&lang=en")[number // 5 % 5]
        return f"{scheme}{host}{path(number)}{query}"


def planted_link(rng, entries, kind):
    """A link that an entry of the list matches, as that kind of post has it."""
    wanted = kind if kind in ("prefix", "url") else "domain"
    found, host, where = listed(rng.randrange(entries))
    while found != wanted:
        found, host, where = listed(rng.randrange(entries))
    more = path(rng.randrange(1 << 30))
    return {
        "domain": f"https://{host}{more}",
        "subdomain": f"https://cdn.eu.{host}{more}",
        "prefix": f"https://{host}{where}page{more}",
        "url": f"https://{host}{where}?utm_source=feed",
        "upper_case": f"HTTPS://{host.upper()}{more}",
        "port": f"http://{host}:8080{more}",
        "no_scheme": f"{host}{more}",
        "hxxp": f"hxxps://{host}{more}",
        "brackets": f"https://{host.replace('.', '[.]')}{more}",
        "dot_word": host.replace(".", " dot "),
        "wide_dot": f"https://{host.replace('.', '。')}{more}",
        "escaped_dot": f"https://{host}{more}",
        "escaped_slash": f"https://{host}{more}",
    }[kind]


def prose(rng):
    """40 to 280 characters, of one script or two."""
    wanted, text = rng.randint(40, 280), ""
    while len(text) < wanted:
        between, words = SCRIPTS[rng.randrange(len(SCRIPTS))]
        text += between.join(rng.choices(words, k=rng.randint(8, 24))) + ". "
    return text[:wanted].rstrip()


def with_links(text, links, rng):
    """Each link between two words, or at the start or the end."""
    words = text.split(" ")
    for link in links:
        words.insert(rng.randrange(len(words) + 1), link)
    return " ".join(words)


def post_line(number, text, kind, link):
    """A line of JSON. One in sixteen escapes all but ASCII, as many exports do."""
    since = datetime(2025, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=number * 30)
    post = {"id": str(10_000_000_000 + number), "text": text, "created_at": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
    line = json.dumps(post, ensure_ascii=number % 16 == 0, separators=(",", ":"))
    if kind == "escaped_dot":
        line = line.replace(link, link.replace(".", "\\u002e"))
    if kind == "escaped_slash":
        line = line.replace(link, link.replace("/", "\\/"))
    return line


def planted_kinds(posts, planted):
    """Which posts have a listed link, and of which kind."""
    kinds = itertools.cycle(PLAIN_KINDS + DISGUISED_KINDS)
    return {number * posts // planted: next(kinds) for number in range(planted)}


def post_lines(posts, planted, entries, truth):
    """Lines of all posts; notes the planted ones in `truth`, id and kind."""
    rng = random.Random(20_261_101)
    harmless = Harmless(rng)
    kinds = planted_kinds(posts, planted)
    for number in range(posts):
        kind, link = kinds.get(number), None
        links = [harmless.link() for _ in range(rng.randint(1, 4))] if rng.random() < 0.25 else []
        if kind:
            link = planted_link(rng, entries, kind)
            links.append(link)
            truth.write(f"{10_000_000_000 + number}\t{kind}\n")
        yield post_line(number, with_links(prose(rng), links, rng), kind, link)


def write(folder, posts, planted, entries):
    with open(folder / "list.txt", "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in list_lines(entries))
    with open(folder / "truth.tsv", "w", encoding="ascii") as truth:
        with open(folder / "posts.jsonl", "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in post_lines(posts, planted, entries, truth))
