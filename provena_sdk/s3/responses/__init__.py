"""What the object store answers, which is somebody else's text: read strictly, and within bounds."""
