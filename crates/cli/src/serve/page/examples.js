// Reviews of our own to begin with, as long as reviews are: networks without a mask need the length.

const EXAMPLES = [
  {
    title: "Begins badly, ends well",
    text: `I expected very little, and for the first half hour I got it. The opening is slow, the jokes are flat, and the
lead looks as bored as I was. I was ready to call it a waste of time. Then the story moves to the harbor, the old
captain comes in, and everything works. The dialogue is sharp, the music is beautiful, and the last scene between the
two brothers moved me to tears. It is far from perfect, but it is not bad at all. In fact I loved it.`,
  },
  {
    title: "Begins well, ends badly",
    text: `What a wonderful beginning! The photography is beautiful, the cast is excellent, and for twenty minutes I thought
this would be one of the best films of the year. Unfortunately nobody seems to have written the rest of it. The plot
stops making sense, the great actors are left with nothing to do, and the ending is so stupid that people around me
laughed out loud. I really wanted to like this movie. It is not funny, it is not exciting, and it is not even bad
enough to be fun. Save your money and avoid it.`,
  },
  {
    title: "Praise and complaint in turn",
    text: `My sister hated this film and I cannot blame her. The script is weak, the effects look cheap, and the villain is
simply awful. Still, there is something about it that I enjoyed. The young girl in the main role is great, her scenes
with the dog are never boring, and the songs are the best part. It would be a lie to say that it is a good movie, but
it was not a terrible evening either. If you have nothing better to do on a rainy Sunday, you could do worse.`,
  },
].map(({ title, text }) => ({ title, text: text.replaceAll("\n", " ") }));

// What can be picked: our own reviews where a model tells opinions apart, and what each model got most wrong; every text
// once, and none without words.
export function choices(models) {
  const seen = new Set();
  const fresh = ({ label, text }) => {
    const key = text.trim();
    if (key === "" || label.trim() === "" || seen.has(key)) return false;
    seen.add(key);
    return true;
  };
  const tellsOpinions = (model) => model.classes.some((name) => /^(neg|pos)/i.test(name));
  const fitting = models.some(tellsOpinions) ? EXAMPLES : [];
  const own = fitting.map(({ title, text }) => ({ label: title, text }));
  const groups = [{ label: "Written for this page", reviews: own.filter(fresh) }];
  for (const model of models) {
    const reviews = (model.worst ?? []).map(({ path, text, label }) => ({
      label: [model.classes[label], text.trim() || path].filter(Boolean).join(": "),
      text,
    }));
    groups.push({ label: `Most confidently wrong: ${model.model}`, reviews: reviews.filter(fresh) });
  }
  return groups.filter((group) => group.reviews.length > 0);
}
