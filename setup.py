"""Installation of thesis-repro; tool settings are in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = Path(__file__).with_name("thesis_repro") / "__init__.py"
VERSION = re.search(r'^__version__ = "(.+?)"', PACKAGE.read_text("utf-8"), re.MULTILINE)[1]

# Lower bounds are the versions that the tests were run with; upper bounds the next major version,
# of TensorFlow the next minor one: `thesis_repro.training.backend` reaches behind its public
# interface.
TENSORFLOW = ">=2.21,<2.22"
JAX = ">=0.10,<0.12"

REQUIREMENTS = [
    f"tensorflow{TENSORFLOW}",
    "keras>=3.15,<4",
    "numpy>=2.4,<3",
    "scipy>=1.17,<2",
    "scikit-learn>=1.9,<2",
    "threadpoolctl>=3.8,<4",
    "statsmodels>=0.15,<1",
    "matplotlib>=3.11,<4",
    "pandas>=3.1,<4",
    "pillow>=13,<14",
    "click>=8.5,<9",
    "rich>=15,<16",
    "tabulate>=0.10,<1",
    "filelock>=3.32,<5",
    "msgspec>=0.23,<1",
    "packaging>=26,<27",
    "jinja2>=3.1,<4",
    "pypdfium2>=5,<6",
    "ray>=2.60,<3",
    "google-crc32c>=1.9,<2",
    "requests>=2.34,<3",
    "urllib3>=2.8,<3",
]

EXTRAS = {
    # NVIDIA's libraries for CUDA 12, which both can share in one environment.
    "gpu": [f"tensorflow[and-cuda]{TENSORFLOW}"],
    "jax-gpu": [f"jax[cuda12]{JAX}"],
    "jax": [f"jax{JAX}"],
    # On no package index: the authors' repository, at the commit behind the published numbers.
    "morpho": [
        "Morpho-MNIST @ git+https://github.com/dccastro/Morpho-MNIST.git"
        "@d67e92caf5233f5f00c92698d41b77f96c15c554"
    ],
    "benchmark": ["torch>=2.13,<3"],
    "dev": [
        "pytest>=9,<10",
        "pytest-xdist>=3.8,<4",
        "hypothesis>=6.170,<7",
        "scikit-image>=0.26,<1",
        "ruff>=0.17,<1",
        "mypy>=2.4,<3",
        f"jax{JAX}",
    ],
}

setup(
    name="thesis-repro",
    version=VERSION,
    description=(
        "Reproduction of the master thesis 'Semantic Representations in Variational Autoencoders "
        "as a Model of the Visual System' (2020)"
    ),
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE", "NOTICE"],
    python_requires=">=3.11,<3.14",  # TensorFlow has no wheels for 3.14
    packages=find_packages(
        include=[
            "appendix_architectures*",
            "chapters*",
            "data_prep*",
            "thesis_repro*",
        ]
    ),
    package_data={
        "thesis_repro": ["py.typed"],
        "appendix_architectures": ["listings.json"],
        "chapters": ["answers/*.j2"],
        "data_prep": ["mnist_files/*.gz"],
        "thesis_repro.explorer": ["*.css", "*.j2", "*.js", "runtime/*"],
        "thesis_repro.models": ["*.json"],
        "thesis_repro.report": ["*.css", "*.j2", "*.js"],
        "thesis_repro.thesis": ["*.json", "*.toml"],
        "thesis_repro.training": ["*.j2", "*.json"],
        "thesis_repro.verdicts": ["*.json", "*.toml"],
    },
    install_requires=REQUIREMENTS,
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["thesis-repro = thesis_repro.cli:main"]},
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
