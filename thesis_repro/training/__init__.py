"""One model to the end of its run: images, trainers, run folders, scales."""
