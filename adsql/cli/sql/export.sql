SELECT adsql.export_model($name, version => $version)
