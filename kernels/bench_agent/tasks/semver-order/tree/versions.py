def newest(versions):
    """The highest version."""
    return max(versions)
