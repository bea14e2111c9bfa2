"""source.jsonl and mood.jsonl from the source archive of vaderSentiment 3.3.2."""
import io
import json
import sys
import tarfile

FILES = {
    "amazon": "amazonReviewSnippets",
    "movie": "movieReviewSnippets",
    "times": "nytEditorialSnippets",
    "tweet": "tweets",
}

with tarfile.open(sys.argv[1]) as package:
    name = next(n for n in package.getnames() if n.endswith("hutto_ICWSM_2014.tar.gz"))
    inner = io.BytesIO(package.extractfile(name).read())
with tarfile.open(fileobj=inner) as archive, open("source.jsonl", "w") as source, open("mood.jsonl", "w") as mood:
    for label, stem in FILES.items():
        name = next(n for n in archive.getnames() if n.endswith(f"/{stem}_GroundTruth.txt") and "/._" not in n)
        text = archive.extractfile(name).read().decode("utf8", errors="replace")
        for line in io.StringIO(text, newline=None):
            _, rating, sentence = line.rstrip("\n").split("\t", 2)
            rating = float(rating)
            feeling = "negative" if rating <= -1 else "positive" if rating >= 1 else "mixed"
            source.write(json.dumps({"text": sentence, "label": label}) + "\n")
            mood.write(json.dumps({"text": sentence, "label": feeling}) + "\n")
