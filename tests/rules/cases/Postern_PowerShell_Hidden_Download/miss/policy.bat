powershell -ExecutionPolicy Bypass -File install.ps1
