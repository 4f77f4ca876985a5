print("exigen")
