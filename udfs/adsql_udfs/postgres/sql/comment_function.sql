COMMENT ON FUNCTION $name IS $comment
