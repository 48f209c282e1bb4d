SELECT adsql.give_feedback($model, $row, $verdict, key => $key, note => $note, given_by => $given_by) AS verdict
