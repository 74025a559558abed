"""What a model is: the zoo, its specs, networks, losses and costs."""
