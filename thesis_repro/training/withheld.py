"""Data sets of which nothing is published: neither weights nor pictures."""

# Why not, by data set.
WITHHELD = {
    "celeba": "its pictures show people, and no portion of it may be passed on",
    "imagenet": "its photos are others', for non-commercial research and education only",
}
