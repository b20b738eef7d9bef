"""Five Faust agents that carry records through the pipeline."""
