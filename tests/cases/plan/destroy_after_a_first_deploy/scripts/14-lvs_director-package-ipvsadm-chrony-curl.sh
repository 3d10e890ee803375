record=/var/lib/lvsprov/records/000001
rm -f "$record/stays"
