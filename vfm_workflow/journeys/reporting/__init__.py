"""Reports: what each kind shows, who may read it and from when, and how one is issued (§6.2, §15.2)."""
