@echo off
powershell -ExecutionPolicy RemoteSigned -File C:\Scripts\backup.ps1
