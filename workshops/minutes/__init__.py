"""Minutes: typed during the meeting, corrected by those who attended, approved and locked."""
