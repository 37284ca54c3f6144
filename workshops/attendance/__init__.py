"""The day itself: who was there."""
