"""Pages, sign-in and static files. A page asks the journeys; it decides nothing by itself."""
