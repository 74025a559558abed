"""The latent space under the reader's pointer: trained models as one offline page."""
