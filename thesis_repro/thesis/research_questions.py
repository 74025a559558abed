"""The thesis's research questions (Table 1); chapters answer them from their numbers."""

QUESTIONS = {
    "RQ1": "Are VAEs or VLAEs related to the visual cortex in terms of (a) the emergence of Gabor "
    "wavelets, (b) sparse coding?",
    "RQ2": "Do VAEs or VLAEs fulfil the requirements of latent space disentanglement or latent "
    "space separability?",
    "RQ3": "Can VAEs or VLAEs represent both continuous and categorical factors of variation in "
    "the latent space?",
    "RQ4": "How do VAEs and VLAEs represent lower factors of variation in the latent space?",
    "RQ5": "Do VAEs or VLAEs learn independent factors of variation independently in the latent "
    "space?",
    "RQ6": "Are the latent spaces of VLAEs independent in terms of generated images?",
    "RQ7": "Do VAEs/VLAEs-generated images resemble the data distribution?",
    "RQ8": "Is the discriminative loss superior to the pixel-wise loss in terms of the previous "
    "research questions?",
}
