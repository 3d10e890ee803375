record=/var/lib/lvsprov/records/000001
