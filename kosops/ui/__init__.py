"""What every page shares: frame, navigation, icons, number formats, drawings. Knows no app."""
