"""From a source of objects to a report: collect, judge, look again."""
