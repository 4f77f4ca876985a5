print("coupler")
