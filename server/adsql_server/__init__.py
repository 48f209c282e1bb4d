"""The gateway: REST over the same SQL calls. It arrives in a later release; the room is laid out."""
