"""Measurements of the portal's pages, as ratios in one run against a bare Django view (docs/benchmarks.md)."""
