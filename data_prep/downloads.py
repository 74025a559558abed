"""What may be downloaded, from where, with which checksum; and what people must get themselves."""

from collections.abc import Mapping
from typing import NamedTuple

# The addresses that MNIST loaders in wide use name; the first two are well-kept mirrors, the last
# is the authors' own page, which is often closed.
_MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)

_MORPHO_MNIST = (
    "https://raw.githubusercontent.com/vinayprabhu/Kannada_MNIST/"
    "f8390ece0c6990551e6f35189ccc42757bb29c43/data/morpho_mnist/"
)

_DSPRITES = "https://github.com/google-deepmind/dsprites-dataset/raw/"
_DSPRITES_NAME = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"


class Download(NamedTuple):
    """One official file.

    Attributes:
        name: What it is called, here and there.
        checksum: "algorithm:hex"; any algorithm of hashlib.
        urls: Where it lies; tried in order.
        bytes: Its size, if that is published: no more is taken from a server.
    """

    name: str
    checksum: str
    urls: tuple[str, ...]
    bytes: int | None = None


def _mnist(name: str, sha256: str) -> Download:
    return Download(name, f"sha256:{sha256}", tuple(mirror + name for mirror in _MNIST_MIRRORS))


# sha256 of the files whose md5 torchvision publishes (data_prep/mnist.py).
_MNIST = (
    _mnist(
        "train-images-idx3-ubyte.gz",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    _mnist(
        "train-labels-idx1-ubyte.gz",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    _mnist(
        "t10k-images-idx3-ubyte.gz",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    _mnist(
        "t10k-labels-idx1-ubyte.gz",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)

DOWNLOADS: Mapping[str, tuple[Download, ...]] = {
    "mnist": _MNIST,
    # The morphometrics of the test images. Nobody publishes a checksum for the training images'
    # table, so that one is measured by `data prepare` instead.
    "morpho-mnist": (
        *_MNIST,
        Download(
            "t10k-morpho.csv",
            "sha256:e777802b76c0ff6d2d183e839469f5db744fce8ab521d607592276b24b1d0c7e",
            (f"{_MORPHO_MNIST}t10k-morpho.csv",),
        ),
    ),
    # sha1, because no sha256 of this file is published: public loaders check either this sha1 or
    # the md5 7da33b31b13a06f4b04a70402ce90c2e, and sha1 is the harder of the two to forge.
    "dsprites": (
        Download(
            _DSPRITES_NAME,
            "sha1:3e0a46a9238e425f46a6ef9e9bdfd7cedb35d50f",
            tuple(
                f"{_DSPRITES}{version}/{_DSPRITES_NAME}"
                for version in ("master", "fa310c66517cfc1939d77fe17c725154efc97127")
            ),
        ),
    ),
}


class Restricted(NamedTuple):
    """A data set whose terms forbid fetching it for the user.

    Attributes:
        cause: Why not.
        steps: What to do instead; "{folder}" stands for the folder of the official files,
            "{prepare}" for the command that prepares them.
    """

    cause: str
    steps: str


# Checksums of the archives as published with torchvision.
RESTRICTED: Mapping[str, Restricted] = {
    "celeba": Restricted(
        "CelebA is for non-commercial research only and may not be passed on, so nothing can be "
        "fetched for you",
        """do this once
  1. Read the agreement on https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html: non-commercial
     research only; no portion may be copied, published or distributed further.
  2. If you agree, download through the links on that page
       Img/img_align_celeba.zip   1.3 GB, 202,599 JPEGs, md5 00d2c5bc6d35e252742224ab0c1e8fcb
       Anno/list_attr_celeba.txt  40 attributes each,    md5 75e246fa4810816ffd6ee81facbd244c
  3. Put both files into {folder}
     (or unpack the zip there, as the folder img_align_celeba/). Kaggle's celeba-dataset, unpacked
     there, serves as well.
  4. Run `{prepare}`.
     It checks the attributes' md5, that every picture can be decoded, is 178 x 218 px and has
     attributes, and the checksums inside the zip; it names the file that is not so""",
    ),
    "imagenet": Restricted(
        "ImageNet is for non-commercial research and education only, behind an account, so "
        "nothing can be fetched for you",
        """do this once
  1. Make an account and accept the terms (non-commercial research and education only; the
     photographers keep their copyright) on https://image-net.org/download.php or on
     https://www.kaggle.com/c/imagenet-object-localization-challenge/data
  2. Download ILSVRC2012. From image-net.org:
       ILSVRC2012_img_train.tar  138 GB, md5 1d675b47d978889d74fa0da5fadfb00e
       ILSVRC2012_img_val.tar    6.3 GB, md5 29b22e2961454d5413ddabcf34fc5622
       ILSVRC2012_devkit_t12.tar.gz    the classes of the validation photos
     From Kaggle: the whole archive.
  3. Put image-net.org's three files into {folder}
     as they are, or unpack Kaggle's archive there. Photos that are sorted already serve as well:
       {folder}/train/<wnid>/*.JPEG     1,281,167 photos in 1,000 folders
       {folder}/val/<wnid>/*.JPEG       50,000 photos; without them, every tenth training photo is
         held out
       {folder}/LOC_synset_mapping.txt  1,000 lines; their order numbers the classes
  4. Run `{prepare}`.
     It checks that every folder is one of the 1,000 classes and that every photo can be decoded;
     it names the file that is not so""",
    ),
}
