# run with powershell
Invoke-WebRequest https://www.example.org/list.csv -OutFile list.csv
Import-Csv list.csv | Format-Table
