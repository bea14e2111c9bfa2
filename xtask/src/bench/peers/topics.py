"""Labelled texts of several topics, and what scikit-learn's usual classifier makes of them.

    python topics.py topics OUT.csv [--rows N] [--seed S]
    python topics.py agnews OUT.csv [--rows N] [--seed S]
    python topics.py twenty OUT_TRAIN.csv OUT_TEST.csv [--archive FILE]
    python topics.py baseline TRAIN.csv TEST.csv --text COLUMN … --label COLUMN [--no-header]

`topics` and `agnews` draw made-up texts whose chances are known, so no classifier can be better in the long
run than the Bayes decision whose accuracy they print. The grammar is the same for every seed: files of
different seeds are training and test data of one task.

- A topic is drawn, all four alike, and a length. Neither it nor punctuation depends on the topic.
- Most rows are plain: each word is drawn from the topic's own distribution over a vocabulary that all share.
- The other rows hold two marker words, at two places drawn at will. Their other words tell two topics from the
  other two, but not from each other; which marker comes first does that, nearly always rightly. These rows
  are what a bag of words cannot learn: its best accuracy is printed too.

Needs numpy, and scikit-learn for `twenty` and `baseline`.
"""

import argparse
import csv
import hashlib
import io
import sys
import tarfile
import time
import zlib

import numpy as np

# In the order of AG News, whose labels are World, Sports, Business and Sci/Tech. The order of the markers tells the
# first topic from the second, and the third from the fourth.
TOPICS = ("politics", "sport", "business", "science")
WORDS = 2000
# Of a topic's words, how many are drawn from what is its own; the rest is drawn from the background.
TILT = 0.425
# How often a row has markers, and how often their order is right.
MARKED, RIGHT = 0.2, 0.97
GRAMMAR_SEED = 20

ARCHIVE = "vaderSentiment-3.3.2.tar.gz"
ARCHIVE_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
SNIPPETS = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
SOURCES = {
    "amazon": "amazonReviewSnippets_GroundTruth.txt",
    "movie": "movieReviewSnippets_GroundTruth.txt",
    "nyt": "nytEditorialSnippets_GroundTruth.txt",
    "tweet": "tweets_GroundTruth.txt",
}
PERMISSION = "the package's licence is MIT; cite C. J. Hutto and E. Gilbert, VADER, ICWSM 2014"


def zipf(exponent, order):
    """Zipf's law over the words, the most frequent first in `order`."""
    chances = np.empty(len(order))
    chances[order] = np.arange(1, len(order) + 1) ** -exponent
    return chances / chances.sum()


def pronounceable(rng, count):
    """So many different words of two or three syllables."""
    onsets = "b br d dr f fl g gr h j k kl l m n p pl r s sk st t tr v z".split()
    vowels, codas = "a e i o u ai ea ou".split(), ["", "", "", "l", "m", "n", "r", "s", "t"]
    pick = lambda parts: parts[int(rng.random() * len(parts))]
    words = {}
    while len(words) < count:
        syllables = 2 + (rng.random() < 0.4)
        words["".join(pick(onsets) + pick(vowels) for _ in range(syllables)) + pick(codas)] = None
    return list(words)


class Grammar:
    """The chances of all words, and their logarithms, of which posteriors are made."""

    def __init__(self):
        rng = np.random.default_rng(GRAMMAR_SEED)
        # The markers are the last two words, which no distribution draws.
        self.words = np.array(pronounceable(rng, WORDS + 2), dtype=object)
        background = zipf(1.0, np.argsort(rng.random(WORDS)))
        own = [zipf(0.8, np.argsort(rng.random(WORDS))) for _ in TOPICS]
        plain = np.array([(1 - TILT) * background + TILT * chances for chances in own])
        pairs = plain.reshape(-1, 2, WORDS).mean(axis=1).repeat(2, axis=0)
        # By whether the row is marked, by topic and by word.
        chances = np.stack([plain, pairs])
        self.sums, self.logs = chances.cumsum(axis=2), np.log(chances)

    def draw(self, rng, lengths):
        """Rows of so many words: their topics, their words, and the Bayes posteriors with and without the order."""
        rows, first_of_pair = len(lengths), np.arange(len(TOPICS)) % 2 == 0
        topics = (rng.random(rows) * len(TOPICS)).astype(int)
        marked = rng.random(rows) < MARKED
        straight = first_of_pair[topics] == (rng.random(rows) < RIGHT)
        texts, scores = [], np.empty((rows, len(TOPICS)))
        for row, length in enumerate(lengths):
            mark = int(marked[row])
            drawn = rng.random(length - 2 * mark) * self.sums[mark, topics[row], -1]
            ids = np.searchsorted(self.sums[mark, topics[row]], drawn, side="right")
            scores[row] = self.logs[mark][:, ids].sum(axis=1)
            if mark:
                markers = [WORDS, WORDS + 1] if straight[row] else [WORDS + 1, WORDS]
                ids = np.insert(ids, places(rng, length), markers)
            texts.append(self.words[ids].tolist())
        right = np.where(first_of_pair == straight[:, None], RIGHT, 1 - RIGHT)
        ordered = scores + np.where(marked[:, None], np.log(right), 0)
        return topics, texts, posterior(ordered), posterior(scores)


def places(rng, length):
    """Where to insert two words, so that all pairs of places in the text of this length are alike."""
    one, other = int(rng.random() * length), int(rng.random() * (length - 1))
    other += other >= one
    return [min(one, other), max(one, other) - 1]


def posterior(scores):
    """Of the logarithms of chances, row by row, the chances that add up to one."""
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    return chances / chances.sum(axis=1, keepdims=True)


def punctuate(rng, words, breaks):
    """A text of these words: sentences, commas, words in quotes and, if wanted, line breaks."""
    text, capital = [], True
    for word, chance in zip(words, rng.random(len(words))):
        word = word.capitalize() if capital else word
        capital = 0.15 < chance < 0.21
        if chance < 0.05:
            word = f'"{word}"'
        elif chance < 0.15:
            word += ","
        elif capital:
            word += "."
        text.append(word + ("\n" if breaks and chance > 0.997 else " "))
    return "".join(text).rstrip(" ,\n")


def lengths(rng, rows, least, most):
    """So many lengths, all from the least to the most alike."""
    return least + (rng.random(rows) * (most - least + 1)).astype(int)


def report(topics, ordered, words_alone):
    """Prints what the best classifier would reach: in the mean, and on the rows drawn."""
    counts = ", ".join(f"{topic} {count}" for topic, count in zip(TOPICS, np.bincount(topics, minlength=len(TOPICS))))
    print(f"{len(topics)} rows: {counts}")
    for name, chances in (("Bayes", ordered), ("without the order of words", words_alone)):
        mean, drawn = chances.max(axis=1).mean(), (chances.argmax(axis=1) == topics).mean()
        loss = -np.log(chances[np.arange(len(topics)), topics]).mean()
        print(f"{name}: mean of the largest posterior {mean:.4f}, accuracy {drawn:.4f}, log loss {loss:.4f}")


def write(path, rows, quoting=csv.QUOTE_MINIMAL):
    """Writes rows as CSV."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=quoting, lineterminator="\n").writerows(rows)


def write_topics(arguments):
    """Columns text and topic, texts of 8 to 40 words."""
    rng = np.random.default_rng(arguments.seed)
    topics, texts, *posteriors = Grammar().draw(rng, lengths(rng, arguments.rows, 8, 40))
    rows = [(punctuate(rng, words, breaks=True), TOPICS[topic]) for words, topic in zip(texts, topics)]
    write(arguments.out, [("text", "topic"), *rows])
    report(topics, *posteriors)


def write_agnews(arguments):
    """Like AG News: no header; label, title of 4 to 10 words and description of 20 to 40 words, all quoted."""
    rng = np.random.default_rng(arguments.seed)
    titles, descriptions = lengths(rng, arguments.rows, 4, 10), lengths(rng, arguments.rows, 20, 40)
    topics, texts, *posteriors = Grammar().draw(rng, titles + descriptions)
    text = lambda words: punctuate(rng, words, breaks=False)
    rows = [(k + 1, text(words[:n]), text(words[n:])) for k, n, words in zip(topics, titles, texts)]
    write(arguments.out, rows, csv.QUOTE_ALL)
    report(topics, *posteriors)


def snippets(path):
    """Sentences of four sources in vaderSentiment's source package; one document in five is for the test."""
    with open(path, "rb") as file:
        package = file.read()
    if hashlib.sha256(package).hexdigest() != ARCHIVE_SHA256:
        sys.exit(f"{path} is not {ARCHIVE}: its SHA-256 should be {ARCHIVE_SHA256}")
    with tarfile.open(fileobj=io.BytesIO(package)) as outer:
        inner = outer.extractfile(SNIPPETS).read()
    parts, seen = ([], []), set()
    with tarfile.open(fileobj=io.BytesIO(inner)) as files:
        for label, name in SOURCES.items():
            lines = files.extractfile(f"hutto_ICWSM_2014/{name}").read().decode("utf-8").split("\r\n")
            for number, _, text in (line.split("\t") for line in lines if line):
                # Sentences of one document share the number before the underscore.
                document = f"{label} {number.split('_')[0]}"
                if text not in seen:
                    parts[zlib.crc32(document.encode()) % 5 == 0].append((text, label))
                seen.add(text)
    print(f"sentences of four sources from {ARCHIVE}: {PERMISSION}")
    return parts


def newsgroups():
    """The 20 newsgroups as scikit-learn fetches them, without headers, footers and quotations."""
    from sklearn.datasets import fetch_20newsgroups

    parts = []
    for subset in ("train", "test"):
        try:
            data = fetch_20newsgroups(subset=subset, remove=("headers", "footers", "quotes"), n_retries=1)
        except OSError as error:
            sys.exit(
                f"The 20 newsgroups cannot be fetched: {error}\n"
                "Sentences of four sources can be had of PyPI instead:\n"
                "    pip download --no-deps --no-binary :all: vaderSentiment==3.3.2\n"
                f"    python topics.py twenty OUT_TRAIN.csv OUT_TEST.csv --archive {ARCHIVE}"
            )
        parts.append([(text, data.target_names[label]) for text, label in zip(data.data, data.target)])
    print("the 20 newsgroups, as scikit-learn fetches them")
    return parts


def write_twenty(arguments):
    """A real set, columns text and label: the 20 newsgroups, or what the archive has."""
    parts = snippets(arguments.archive) if arguments.archive else newsgroups()
    for path, rows in zip((arguments.train, arguments.test), parts):
        write(path, [("text", "label"), *rows])
        names, counts = np.unique([label for _, label in rows], return_counts=True)
        print(f"{path}: {len(rows)} rows:", ", ".join(f"{n} {count}" for n, count in zip(names, counts)))


def read(path, arguments):
    """Texts, several columns joined by a space, and labels of a CSV file."""
    csv.field_size_limit(2**31 - 1)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    names = [str(i + 1) for i in range(len(rows[0]))] if arguments.no_header else rows.pop(0)
    missing = set(arguments.text + [arguments.label]) - set(names)
    if missing:
        sys.exit(f"{path}: no column {', '.join(sorted(missing))}; there are {', '.join(names)}")
    texts, label = [names.index(name) for name in arguments.text], names.index(arguments.label)
    return [" ".join(row[i] for i in texts) for row in rows], [row[label] for row in rows]


def baseline(arguments):
    """TF-IDF of words and pairs of words, and logistic regression."""
    import sklearn
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss
    from sklearn.pipeline import make_pipeline

    texts, labels = read(arguments.train, arguments)
    test_texts, test_labels = read(arguments.test, arguments)
    model = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2), LogisticRegression(max_iter=1000)
    )
    begin = time.perf_counter()
    model.fit(texts, labels)
    fitted = time.perf_counter()
    chances = model.predict_proba(test_texts)
    done = time.perf_counter()
    predicted = model.classes_[chances.argmax(axis=1)]
    print(f"scikit-learn {sklearn.__version__}, {len(texts)} training rows, {len(test_texts)} test rows,", end=" ")
    print(f"{len(model.classes_)} classes, {len(model[0].vocabulary_)} terms")
    print(f"accuracy          {accuracy_score(test_labels, predicted):.4f}")
    print(f"balanced accuracy {balanced_accuracy_score(test_labels, predicted):.4f}")
    print(f"macro F1          {f1_score(test_labels, predicted, average='macro'):.4f}")
    print(f"log loss          {log_loss(test_labels, chances, labels=model.classes_):.4f}")
    print(f"fit               {fitted - begin:.2f} s")
    print(f"predict           {done - fitted:.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run):
        added = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
        return added

    for name, run, rows in (("topics", write_topics, 20_000), ("agnews", write_agnews, 120_000)):
        drawn = command(name, run)
        drawn.add_argument("out", metavar="OUT.csv")
        drawn.add_argument("--rows", type=int, default=rows, help="how many rows (%(default)s)")
        drawn.add_argument("--seed", type=int, default=1, help="of the rows, not of the grammar (%(default)s)")
    twenty = command("twenty", write_twenty)
    twenty.add_argument("train", metavar="OUT_TRAIN.csv")
    twenty.add_argument("test", metavar="OUT_TEST.csv")
    twenty.add_argument("--archive", metavar="FILE", help=f"{ARCHIVE}, instead of the 20 newsgroups")
    line = command("baseline", baseline)
    line.add_argument("train", metavar="TRAIN.csv")
    line.add_argument("test", metavar="TEST.csv")
    line.add_argument("--text", nargs="+", required=True, metavar="COLUMN", help="columns to join by a space")
    line.add_argument("--label", required=True, metavar="COLUMN")
    line.add_argument("--no-header", action="store_true", help="the columns are called 1, 2 and so on")
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
