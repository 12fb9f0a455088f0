"""What the plugin does once it is asked: collection, fixtures, workers, reports."""
