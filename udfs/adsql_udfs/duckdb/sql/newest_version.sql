-- The newest version of a saved model.
(SELECT max(saved.version) FROM $models AS saved WHERE saved.name = $name)
