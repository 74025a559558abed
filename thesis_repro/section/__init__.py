"""What commands and chapter scripts work with: workspace, models, codes, declarations."""
